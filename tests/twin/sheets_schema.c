/*
 * sheets_schema.c: the messages of the Sheets API v4 as its public description of February 2026 has
 * them: field names and types. A type is a message's name, s text, b boolean, i int32, d double,
 * m field mask, =NAME an enum, * anything; [ before it: repeated. Charts, pivot tables, slicers and
 * data sources are not taken apart (*).
 */
#include "sheets_schema.h"

/* clang-format off */
const struct schema_row schema_messages[] = {
    {"BatchUpdateSpreadsheetRequest",
     "includeSpreadsheetInResponse:b requests:[Request responseIncludeGridData:b "
     "responseRanges:[s"},
    {"BatchUpdateSpreadsheetResponse",
     "replies:[Response spreadsheetId:s updatedSpreadsheet:Spreadsheet"},
    {"Spreadsheet",
     "dataSourceSchedules:[DataSourceRefreshSchedule dataSources:[* "
     "developerMetadata:[DeveloperMetadata namedRanges:[NamedRange "
     "properties:SpreadsheetProperties sheets:[Sheet spreadsheetId:s spreadsheetUrl:s"},
    {"GetSpreadsheetByDataFilterRequest",
     "dataFilters:[DataFilter excludeTablesInBandedRanges:b includeGridData:b"},
    {"DeveloperMetadata",
     "location:DeveloperMetadataLocation metadataId:i metadataKey:s metadataValue:s "
     "visibility:=DeveloperMetadataVisibility"},
    {"SearchDeveloperMetadataRequest", "dataFilters:[DataFilter"},
    {"SearchDeveloperMetadataResponse", "matchedDeveloperMetadata:[MatchedDeveloperMetadata"},
    {"CopySheetToAnotherSpreadsheetRequest", "destinationSpreadsheetId:s"},
    {"SheetProperties",
     "dataSourceSheetProperties:* gridProperties:GridProperties hidden:b index:i rightToLeft:b "
     "sheetId:i sheetType:=SheetType tabColor:Color tabColorStyle:ColorStyle title:s"},
    {"ValueRange", "majorDimension:=Dimension range:s values:[*"},
    {"AppendValuesResponse", "spreadsheetId:s tableRange:s updates:UpdateValuesResponse"},
    {"BatchClearValuesRequest", "ranges:[s"},
    {"BatchClearValuesResponse", "clearedRanges:[s spreadsheetId:s"},
    {"BatchClearValuesByDataFilterRequest", "dataFilters:[DataFilter"},
    {"BatchClearValuesByDataFilterResponse", "clearedRanges:[s spreadsheetId:s"},
    {"BatchGetValuesResponse", "spreadsheetId:s valueRanges:[ValueRange"},
    {"BatchGetValuesByDataFilterRequest",
     "dataFilters:[DataFilter dateTimeRenderOption:=DateTimeRenderOption majorDimension:=Dimension "
     "valueRenderOption:=ValueRenderOption"},
    {"BatchGetValuesByDataFilterResponse", "spreadsheetId:s valueRanges:[MatchedValueRange"},
    {"BatchUpdateValuesRequest",
     "data:[ValueRange includeValuesInResponse:b "
     "responseDateTimeRenderOption:=DateTimeRenderOption "
     "responseValueRenderOption:=ValueRenderOption valueInputOption:=ValueInputOption"},
    {"BatchUpdateValuesResponse",
     "responses:[UpdateValuesResponse spreadsheetId:s totalUpdatedCells:i totalUpdatedColumns:i "
     "totalUpdatedRows:i totalUpdatedSheets:i"},
    {"BatchUpdateValuesByDataFilterRequest",
     "data:[DataFilterValueRange includeValuesInResponse:b "
     "responseDateTimeRenderOption:=DateTimeRenderOption "
     "responseValueRenderOption:=ValueRenderOption valueInputOption:=ValueInputOption"},
    {"BatchUpdateValuesByDataFilterResponse",
     "responses:[UpdateValuesByDataFilterResponse spreadsheetId:s totalUpdatedCells:i "
     "totalUpdatedColumns:i totalUpdatedRows:i totalUpdatedSheets:i"},
    {"ClearValuesRequest", ""},
    {"ClearValuesResponse", "clearedRange:s spreadsheetId:s"},
    {"UpdateValuesResponse",
     "spreadsheetId:s updatedCells:i updatedColumns:i updatedData:ValueRange updatedRange:s "
     "updatedRows:i"},
    {"Request",
     "addBanding:AddBandingRequest addChart:AddChartRequest "
     "addConditionalFormatRule:AddConditionalFormatRuleRequest addDataSource:AddDataSourceRequest "
     "addDimensionGroup:AddDimensionGroupRequest addFilterView:AddFilterViewRequest "
     "addNamedRange:AddNamedRangeRequest addProtectedRange:AddProtectedRangeRequest "
     "addSheet:AddSheetRequest addSlicer:AddSlicerRequest addTable:AddTableRequest "
     "appendCells:AppendCellsRequest appendDimension:AppendDimensionRequest "
     "autoFill:AutoFillRequest autoResizeDimensions:AutoResizeDimensionsRequest "
     "cancelDataSourceRefresh:CancelDataSourceRefreshRequest "
     "clearBasicFilter:ClearBasicFilterRequest copyPaste:CopyPasteRequest "
     "createDeveloperMetadata:CreateDeveloperMetadataRequest cutPaste:CutPasteRequest "
     "deleteBanding:DeleteBandingRequest "
     "deleteConditionalFormatRule:DeleteConditionalFormatRuleRequest "
     "deleteDataSource:DeleteDataSourceRequest "
     "deleteDeveloperMetadata:DeleteDeveloperMetadataRequest "
     "deleteDimension:DeleteDimensionRequest deleteDimensionGroup:DeleteDimensionGroupRequest "
     "deleteDuplicates:DeleteDuplicatesRequest deleteEmbeddedObject:DeleteEmbeddedObjectRequest "
     "deleteFilterView:DeleteFilterViewRequest deleteNamedRange:DeleteNamedRangeRequest "
     "deleteProtectedRange:DeleteProtectedRangeRequest deleteRange:DeleteRangeRequest "
     "deleteSheet:DeleteSheetRequest deleteTable:DeleteTableRequest "
     "duplicateFilterView:DuplicateFilterViewRequest duplicateSheet:DuplicateSheetRequest "
     "findReplace:FindReplaceRequest insertDimension:InsertDimensionRequest "
     "insertRange:InsertRangeRequest mergeCells:MergeCellsRequest "
     "moveDimension:MoveDimensionRequest pasteData:PasteDataRequest "
     "randomizeRange:RandomizeRangeRequest refreshDataSource:RefreshDataSourceRequest "
     "repeatCell:RepeatCellRequest setBasicFilter:SetBasicFilterRequest "
     "setDataValidation:SetDataValidationRequest sortRange:SortRangeRequest "
     "textToColumns:TextToColumnsRequest trimWhitespace:TrimWhitespaceRequest "
     "unmergeCells:UnmergeCellsRequest updateBanding:UpdateBandingRequest "
     "updateBorders:UpdateBordersRequest updateCells:UpdateCellsRequest "
     "updateChartSpec:UpdateChartSpecRequest "
     "updateConditionalFormatRule:UpdateConditionalFormatRuleRequest "
     "updateDataSource:UpdateDataSourceRequest "
     "updateDeveloperMetadata:UpdateDeveloperMetadataRequest "
     "updateDimensionGroup:UpdateDimensionGroupRequest "
     "updateDimensionProperties:UpdateDimensionPropertiesRequest "
     "updateEmbeddedObjectBorder:UpdateEmbeddedObjectBorderRequest "
     "updateEmbeddedObjectPosition:UpdateEmbeddedObjectPositionRequest "
     "updateFilterView:UpdateFilterViewRequest updateNamedRange:UpdateNamedRangeRequest "
     "updateProtectedRange:UpdateProtectedRangeRequest "
     "updateSheetProperties:UpdateSheetPropertiesRequest updateSlicerSpec:UpdateSlicerSpecRequest "
     "updateSpreadsheetProperties:UpdateSpreadsheetPropertiesRequest "
     "updateTable:UpdateTableRequest"},
    {"Response",
     "addBanding:AddBandingResponse addChart:* addDataSource:* "
     "addDimensionGroup:AddDimensionGroupResponse addFilterView:AddFilterViewResponse "
     "addNamedRange:AddNamedRangeResponse addProtectedRange:AddProtectedRangeResponse "
     "addSheet:AddSheetResponse addSlicer:* addTable:AddTableResponse cancelDataSourceRefresh:* "
     "createDeveloperMetadata:CreateDeveloperMetadataResponse "
     "deleteConditionalFormatRule:DeleteConditionalFormatRuleResponse "
     "deleteDeveloperMetadata:DeleteDeveloperMetadataResponse "
     "deleteDimensionGroup:DeleteDimensionGroupResponse deleteDuplicates:DeleteDuplicatesResponse "
     "duplicateFilterView:DuplicateFilterViewResponse duplicateSheet:DuplicateSheetResponse "
     "findReplace:FindReplaceResponse refreshDataSource:* trimWhitespace:TrimWhitespaceResponse "
     "updateConditionalFormatRule:UpdateConditionalFormatRuleResponse updateDataSource:* "
     "updateDeveloperMetadata:UpdateDeveloperMetadataResponse "
     "updateEmbeddedObjectPosition:UpdateEmbeddedObjectPositionResponse"},
    {"DataSourceRefreshSchedule",
     "dailySchedule:DataSourceRefreshDailySchedule enabled:b "
     "monthlySchedule:DataSourceRefreshMonthlySchedule nextRun:Interval refreshScope:=RefreshScope "
     "weeklySchedule:DataSourceRefreshWeeklySchedule"},
    {"NamedRange", "name:s namedRangeId:s range:GridRange"},
    {"SpreadsheetProperties",
     "autoRecalc:=RecalculationInterval defaultFormat:CellFormat "
     "importFunctionsExternalUrlAccessAllowed:b "
     "iterativeCalculationSettings:IterativeCalculationSettings locale:s "
     "spreadsheetTheme:SpreadsheetTheme timeZone:s title:s"},
    {"Sheet",
     "bandedRanges:[BandedRange basicFilter:BasicFilter charts:[* columnGroups:[DimensionGroup "
     "conditionalFormats:[ConditionalFormatRule data:[GridData "
     "developerMetadata:[DeveloperMetadata filterViews:[FilterView merges:[GridRange "
     "properties:SheetProperties protectedRanges:[ProtectedRange rowGroups:[DimensionGroup "
     "slicers:[* tables:[Table"},
    {"DataFilter", "a1Range:s developerMetadataLookup:DeveloperMetadataLookup gridRange:GridRange"},
    {"DeveloperMetadataLocation",
     "dimensionRange:DimensionRange locationType:=DeveloperMetadataLocationType sheetId:i "
     "spreadsheet:b"},
    {"MatchedDeveloperMetadata", "dataFilters:[DataFilter developerMetadata:DeveloperMetadata"},
    {"GridProperties",
     "columnCount:i columnGroupControlAfter:b frozenColumnCount:i frozenRowCount:i hideGridlines:b "
     "rowCount:i rowGroupControlAfter:b"},
    {"Color", "alpha:d blue:d green:d red:d"},
    {"ColorStyle", "rgbColor:Color themeColor:=ThemeColorType"},
    {"MatchedValueRange", "dataFilters:[DataFilter valueRange:ValueRange"},
    {"DataFilterValueRange", "dataFilter:DataFilter majorDimension:=Dimension values:[*"},
    {"UpdateValuesByDataFilterResponse",
     "dataFilter:DataFilter updatedCells:i updatedColumns:i updatedData:ValueRange updatedRange:s "
     "updatedRows:i"},
    {"AddBandingRequest", "bandedRange:BandedRange"},
    {"AddChartRequest", "chart:*"},
    {"AddConditionalFormatRuleRequest", "index:i rule:ConditionalFormatRule"},
    {"AddDataSourceRequest", "dataSource:*"},
    {"AddDimensionGroupRequest", "range:DimensionRange"},
    {"AddFilterViewRequest", "filter:FilterView"},
    {"AddNamedRangeRequest", "namedRange:NamedRange"},
    {"AddProtectedRangeRequest", "protectedRange:ProtectedRange"},
    {"AddSheetRequest", "properties:SheetProperties"},
    {"AddSlicerRequest", "slicer:*"},
    {"AddTableRequest", "table:Table"},
    {"AppendCellsRequest", "fields:m rows:[RowData sheetId:i tableId:s"},
    {"AppendDimensionRequest", "dimension:=Dimension length:i sheetId:i"},
    {"AutoFillRequest",
     "range:GridRange sourceAndDestination:SourceAndDestination useAlternateSeries:b"},
    {"AutoResizeDimensionsRequest", "dataSourceSheetDimensions:* dimensions:DimensionRange"},
    {"CancelDataSourceRefreshRequest", "dataSourceId:s isAll:b references:*"},
    {"ClearBasicFilterRequest", "sheetId:i"},
    {"CopyPasteRequest",
     "destination:GridRange pasteOrientation:=PasteOrientation pasteType:=PasteType "
     "source:GridRange"},
    {"CreateDeveloperMetadataRequest", "developerMetadata:DeveloperMetadata"},
    {"CutPasteRequest", "destination:GridCoordinate pasteType:=PasteType source:GridRange"},
    {"DeleteBandingRequest", "bandedRangeId:i"},
    {"DeleteConditionalFormatRuleRequest", "index:i sheetId:i"},
    {"DeleteDataSourceRequest", "dataSourceId:s"},
    {"DeleteDeveloperMetadataRequest", "dataFilter:DataFilter"},
    {"DeleteDimensionRequest", "range:DimensionRange"},
    {"DeleteDimensionGroupRequest", "range:DimensionRange"},
    {"DeleteDuplicatesRequest", "comparisonColumns:[DimensionRange range:GridRange"},
    {"DeleteEmbeddedObjectRequest", "objectId:i"},
    {"DeleteFilterViewRequest", "filterId:i"},
    {"DeleteNamedRangeRequest", "namedRangeId:s"},
    {"DeleteProtectedRangeRequest", "protectedRangeId:i"},
    {"DeleteRangeRequest", "range:GridRange shiftDimension:=Dimension"},
    {"DeleteSheetRequest", "sheetId:i"},
    {"DeleteTableRequest", "tableId:s"},
    {"DuplicateFilterViewRequest", "filterId:i"},
    {"DuplicateSheetRequest", "insertSheetIndex:i newSheetId:i newSheetName:s sourceSheetId:i"},
    {"FindReplaceRequest",
     "allSheets:b find:s includeFormulas:b matchCase:b matchEntireCell:b range:GridRange "
     "replacement:s searchByRegex:b sheetId:i"},
    {"InsertDimensionRequest", "inheritFromBefore:b range:DimensionRange"},
    {"InsertRangeRequest", "range:GridRange shiftDimension:=Dimension"},
    {"MergeCellsRequest", "mergeType:=MergeType range:GridRange"},
    {"MoveDimensionRequest", "destinationIndex:i source:DimensionRange"},
    {"PasteDataRequest", "coordinate:GridCoordinate data:s delimiter:s html:b type:=PasteType"},
    {"RandomizeRangeRequest", "range:GridRange"},
    {"RefreshDataSourceRequest", "dataSourceId:s force:b isAll:b references:*"},
    {"RepeatCellRequest", "cell:CellData fields:m range:GridRange"},
    {"SetBasicFilterRequest", "filter:BasicFilter"},
    {"SetDataValidationRequest", "filteredRowsIncluded:b range:GridRange rule:DataValidationRule"},
    {"SortRangeRequest", "range:GridRange sortSpecs:[SortSpec"},
    {"TextToColumnsRequest", "delimiter:s delimiterType:=DelimiterType source:GridRange"},
    {"TrimWhitespaceRequest", "range:GridRange"},
    {"UnmergeCellsRequest", "range:GridRange"},
    {"UpdateBandingRequest", "bandedRange:BandedRange fields:m"},
    {"UpdateBordersRequest",
     "bottom:Border innerHorizontal:Border innerVertical:Border left:Border range:GridRange "
     "right:Border top:Border"},
    {"UpdateCellsRequest", "fields:m range:GridRange rows:[RowData start:GridCoordinate"},
    {"UpdateChartSpecRequest", "chartId:i spec:*"},
    {"UpdateConditionalFormatRuleRequest",
     "index:i newIndex:i rule:ConditionalFormatRule sheetId:i"},
    {"UpdateDataSourceRequest", "dataSource:* fields:m"},
    {"UpdateDeveloperMetadataRequest",
     "dataFilters:[DataFilter developerMetadata:DeveloperMetadata fields:m"},
    {"UpdateDimensionGroupRequest", "dimensionGroup:DimensionGroup fields:m"},
    {"UpdateDimensionPropertiesRequest",
     "dataSourceSheetRange:* fields:m properties:DimensionProperties range:DimensionRange"},
    {"UpdateEmbeddedObjectBorderRequest", "border:* fields:m objectId:i"},
    {"UpdateEmbeddedObjectPositionRequest", "fields:m newPosition:* objectId:i"},
    {"UpdateFilterViewRequest", "fields:m filter:FilterView"},
    {"UpdateNamedRangeRequest", "fields:m namedRange:NamedRange"},
    {"UpdateProtectedRangeRequest", "fields:m protectedRange:ProtectedRange"},
    {"UpdateSheetPropertiesRequest", "fields:m properties:SheetProperties"},
    {"UpdateSlicerSpecRequest", "fields:m slicerId:i spec:*"},
    {"UpdateSpreadsheetPropertiesRequest", "fields:m properties:SpreadsheetProperties"},
    {"UpdateTableRequest", "fields:m table:Table"},
    {"AddBandingResponse", "bandedRange:BandedRange"},
    {"AddDimensionGroupResponse", "dimensionGroups:[DimensionGroup"},
    {"AddFilterViewResponse", "filter:FilterView"},
    {"AddNamedRangeResponse", "namedRange:NamedRange"},
    {"AddProtectedRangeResponse", "protectedRange:ProtectedRange"},
    {"AddSheetResponse", "properties:SheetProperties"},
    {"AddTableResponse", "table:Table"},
    {"CreateDeveloperMetadataResponse", "developerMetadata:DeveloperMetadata"},
    {"DeleteConditionalFormatRuleResponse", "rule:ConditionalFormatRule"},
    {"DeleteDeveloperMetadataResponse", "deletedDeveloperMetadata:[DeveloperMetadata"},
    {"DeleteDimensionGroupResponse", "dimensionGroups:[DimensionGroup"},
    {"DeleteDuplicatesResponse", "duplicatesRemovedCount:i"},
    {"DuplicateFilterViewResponse", "filter:FilterView"},
    {"DuplicateSheetResponse", "properties:SheetProperties"},
    {"FindReplaceResponse",
     "formulasChanged:i occurrencesChanged:i rowsChanged:i sheetsChanged:i valuesChanged:i"},
    {"TrimWhitespaceResponse", "cellsChangedCount:i"},
    {"UpdateConditionalFormatRuleResponse",
     "newIndex:i newRule:ConditionalFormatRule oldIndex:i oldRule:ConditionalFormatRule"},
    {"UpdateDeveloperMetadataResponse", "developerMetadata:[DeveloperMetadata"},
    {"UpdateEmbeddedObjectPositionResponse", "position:*"},
    {"DataSourceRefreshDailySchedule", "startTime:TimeOfDay"},
    {"DataSourceRefreshMonthlySchedule", "daysOfMonth:[i startTime:TimeOfDay"},
    {"Interval", "endTime:s startTime:s"},
    {"DataSourceRefreshWeeklySchedule", "daysOfWeek:[=DaysOfWeek startTime:TimeOfDay"},
    {"GridRange", "endColumnIndex:i endRowIndex:i sheetId:i startColumnIndex:i startRowIndex:i"},
    {"CellFormat",
     "backgroundColor:Color backgroundColorStyle:ColorStyle borders:Borders "
     "horizontalAlignment:=HorizontalAlign hyperlinkDisplayType:=HyperlinkDisplayType "
     "numberFormat:NumberFormat padding:Padding textDirection:=TextDirection textFormat:TextFormat "
     "textRotation:TextRotation verticalAlignment:=VerticalAlign wrapStrategy:=WrapStrategy"},
    {"IterativeCalculationSettings", "convergenceThreshold:d maxIterations:i"},
    {"SpreadsheetTheme", "primaryFontFamily:s themeColors:[ThemeColorPair"},
    {"BandedRange",
     "bandedRangeId:i bandedRangeReference:s columnProperties:BandingProperties range:GridRange "
     "rowProperties:BandingProperties"},
    {"BasicFilter",
     "criteria:* filterSpecs:[FilterSpec range:GridRange sortSpecs:[SortSpec tableId:s"},
    {"DimensionGroup", "collapsed:b depth:i range:DimensionRange"},
    {"ConditionalFormatRule",
     "booleanRule:BooleanRule gradientRule:GradientRule ranges:[GridRange"},
    {"GridData",
     "columnMetadata:[DimensionProperties rowData:[RowData rowMetadata:[DimensionProperties "
     "startColumn:i startRow:i"},
    {"FilterView",
     "criteria:* filterSpecs:[FilterSpec filterViewId:i namedRangeId:s range:GridRange "
     "sortSpecs:[SortSpec tableId:s title:s"},
    {"ProtectedRange",
     "description:s editors:Editors namedRangeId:s protectedRangeId:i range:GridRange "
     "requestingUserCanEdit:b tableId:s unprotectedRanges:[GridRange warningOnly:b"},
    {"Table",
     "columnProperties:[TableColumnProperties name:s range:GridRange "
     "rowsProperties:TableRowsProperties tableId:s"},
    {"DeveloperMetadataLookup",
     "locationMatchingStrategy:=DeveloperMetadataLocationMatchingStrategy "
     "locationType:=DeveloperMetadataLocationType metadataId:i metadataKey:s "
     "metadataLocation:DeveloperMetadataLocation metadataValue:s "
     "visibility:=DeveloperMetadataVisibility"},
    {"DimensionRange", "dimension:=Dimension endIndex:i sheetId:i startIndex:i"},
    {"RowData", "values:[CellData"},
    {"SourceAndDestination", "dimension:=Dimension fillLength:i source:GridRange"},
    {"GridCoordinate", "columnIndex:i rowIndex:i sheetId:i"},
    {"CellData",
     "chipRuns:[ChipRun dataSourceFormula:* dataSourceTable:* dataValidation:DataValidationRule "
     "effectiveFormat:CellFormat effectiveValue:ExtendedValue formattedValue:s hyperlink:s note:s "
     "pivotTable:* textFormatRuns:[TextFormatRun userEnteredFormat:CellFormat "
     "userEnteredValue:ExtendedValue"},
    {"DataValidationRule", "condition:BooleanCondition inputMessage:s showCustomUi:b strict:b"},
    {"SortSpec",
     "backgroundColor:Color backgroundColorStyle:ColorStyle dataSourceColumnReference:* "
     "dimensionIndex:i foregroundColor:Color foregroundColorStyle:ColorStyle sortOrder:=SortOrder"},
    {"Border", "color:Color colorStyle:ColorStyle style:=Border.Style width:i"},
    {"DimensionProperties",
     "dataSourceColumnReference:* developerMetadata:[DeveloperMetadata hiddenByFilter:b "
     "hiddenByUser:b pixelSize:i"},
    {"TimeOfDay", "hours:i minutes:i nanos:i seconds:i"},
    {"Borders", "bottom:Border left:Border right:Border top:Border"},
    {"NumberFormat", "pattern:s type:=NumberFormat.NumberFormatType"},
    {"Padding", "bottom:i left:i right:i top:i"},
    {"TextFormat",
     "bold:b fontFamily:s fontSize:i foregroundColor:Color foregroundColorStyle:ColorStyle "
     "italic:b link:Link strikethrough:b underline:b"},
    {"TextRotation", "angle:i vertical:b"},
    {"ThemeColorPair", "color:ColorStyle colorType:=ThemeColorType"},
    {"BandingProperties",
     "firstBandColor:Color firstBandColorStyle:ColorStyle footerColor:Color "
     "footerColorStyle:ColorStyle headerColor:Color headerColorStyle:ColorStyle "
     "secondBandColor:Color secondBandColorStyle:ColorStyle"},
    {"FilterSpec", "columnIndex:i dataSourceColumnReference:* filterCriteria:FilterCriteria"},
    {"BooleanRule", "condition:BooleanCondition format:CellFormat"},
    {"GradientRule",
     "maxpoint:InterpolationPoint midpoint:InterpolationPoint minpoint:InterpolationPoint"},
    {"Editors", "domainUsersCanEdit:b groups:[s users:[s"},
    {"TableColumnProperties",
     "columnIndex:i columnName:s columnType:=ColumnType "
     "dataValidationRule:TableColumnDataValidationRule"},
    {"TableRowsProperties",
     "firstBandColorStyle:ColorStyle footerColorStyle:ColorStyle headerColorStyle:ColorStyle "
     "secondBandColorStyle:ColorStyle"},
    {"ChipRun", "chip:Chip startIndex:i"},
    {"ExtendedValue",
     "boolValue:b errorValue:ErrorValue formulaValue:s numberValue:d stringValue:s"},
    {"TextFormatRun", "format:TextFormat startIndex:i"},
    {"BooleanCondition", "type:=ConditionType values:[ConditionValue"},
    {"Link", "uri:s"},
    {"FilterCriteria",
     "condition:BooleanCondition hiddenValues:[s visibleBackgroundColor:Color "
     "visibleBackgroundColorStyle:ColorStyle visibleForegroundColor:Color "
     "visibleForegroundColorStyle:ColorStyle"},
    {"InterpolationPoint",
     "color:Color colorStyle:ColorStyle type:=InterpolationPointType value:s"},
    {"TableColumnDataValidationRule", "condition:BooleanCondition"},
    {"Chip", "personProperties:PersonProperties richLinkProperties:RichLinkProperties"},
    {"ErrorValue", "message:s type:=ErrorType"},
    {"ConditionValue", "relativeDate:=RelativeDate userEnteredValue:s"},
    {"PersonProperties", "displayFormat:=DisplayFormat email:s"},
    {"RichLinkProperties", "mimeType:s uri:s"},
    /* Drive v3, what the twin knows of it; for the fields of answers only. */
    {"DriveFile",
     "kind:s id:s name:s mimeType:s version:s createdTime:s modifiedTime:s trashed:b parents:[s "
     "driveId:s ownedByMe:b shared:b owners:[* lastModifyingUser:* capabilities:* webViewLink:s "
     "description:s starred:b explicitlyTrashed:b spaces:[s properties:* appProperties:* "
     "permissions:[* permissionIds:[s iconLink:s thumbnailLink:s exportLinks:* size:s "
     "quotaBytesUsed:s headRevisionId:s viewedByMe:b viewedByMeTime:s modifiedByMe:b "
     "modifiedByMeTime:s sharedWithMeTime:s sharingUser:* isAppAuthorized:b"},
    {"DriveFileList", "kind:s nextPageToken:s incompleteSearch:b files:[DriveFile"},
    {"DriveChange",
     "kind:s changeType:s time:s removed:b fileId:s file:DriveFile driveId:s drive:* type:s"},
    {"DriveChangeList", "kind:s nextPageToken:s newStartPageToken:s changes:[DriveChange"},
    {"DriveStartPageToken", "kind:s startPageToken:s"},
    {"DriveAbout",
     "kind:s user:* storageQuota:* importFormats:* exportFormats:* maxImportSizes:* "
     "maxUploadSize:s "
     "appInstalled:b folderColorPalette:[s canCreateDrives:b"},
    {NULL, NULL},
};

const struct schema_row schema_enums[] = {
    {"DeveloperMetadataVisibility", "DEVELOPER_METADATA_VISIBILITY_UNSPECIFIED DOCUMENT PROJECT"},
    {"SheetType", "SHEET_TYPE_UNSPECIFIED GRID OBJECT DATA_SOURCE"},
    {"Dimension", "DIMENSION_UNSPECIFIED ROWS COLUMNS"},
    {"DateTimeRenderOption", "SERIAL_NUMBER FORMATTED_STRING"},
    {"ValueRenderOption", "FORMATTED_VALUE UNFORMATTED_VALUE FORMULA"},
    {"ValueInputOption", "INPUT_VALUE_OPTION_UNSPECIFIED RAW USER_ENTERED"},
    {"RefreshScope", "DATA_SOURCE_REFRESH_SCOPE_UNSPECIFIED ALL_DATA_SOURCES"},
    {"RecalculationInterval", "RECALCULATION_INTERVAL_UNSPECIFIED ON_CHANGE MINUTE HOUR"},
    {"DeveloperMetadataLocationType",
     "DEVELOPER_METADATA_LOCATION_TYPE_UNSPECIFIED ROW COLUMN SHEET SPREADSHEET"},
    {"ThemeColorType",
     "THEME_COLOR_TYPE_UNSPECIFIED TEXT BACKGROUND ACCENT1 ACCENT2 ACCENT3 ACCENT4 ACCENT5 ACCENT6 "
     "LINK"},
    {"PasteOrientation", "NORMAL TRANSPOSE"},
    {"PasteType",
     "PASTE_NORMAL PASTE_VALUES PASTE_FORMAT PASTE_NO_BORDERS PASTE_FORMULA PASTE_DATA_VALIDATION "
     "PASTE_CONDITIONAL_FORMATTING"},
    {"MergeType", "MERGE_ALL MERGE_COLUMNS MERGE_ROWS"},
    {"DelimiterType", "DELIMITER_TYPE_UNSPECIFIED COMMA SEMICOLON PERIOD SPACE CUSTOM AUTODETECT"},
    {"DaysOfWeek",
     "DAY_OF_WEEK_UNSPECIFIED MONDAY TUESDAY WEDNESDAY THURSDAY FRIDAY SATURDAY SUNDAY"},
    {"HorizontalAlign", "HORIZONTAL_ALIGN_UNSPECIFIED LEFT CENTER RIGHT"},
    {"HyperlinkDisplayType", "HYPERLINK_DISPLAY_TYPE_UNSPECIFIED LINKED PLAIN_TEXT"},
    {"TextDirection", "TEXT_DIRECTION_UNSPECIFIED LEFT_TO_RIGHT RIGHT_TO_LEFT"},
    {"VerticalAlign", "VERTICAL_ALIGN_UNSPECIFIED TOP MIDDLE BOTTOM"},
    {"WrapStrategy", "WRAP_STRATEGY_UNSPECIFIED OVERFLOW_CELL LEGACY_WRAP CLIP WRAP"},
    {"DeveloperMetadataLocationMatchingStrategy",
     "DEVELOPER_METADATA_LOCATION_MATCHING_STRATEGY_UNSPECIFIED EXACT_LOCATION "
     "INTERSECTING_LOCATION"},
    {"SortOrder", "SORT_ORDER_UNSPECIFIED ASCENDING DESCENDING"},
    {"Border.Style", "STYLE_UNSPECIFIED DOTTED DASHED SOLID SOLID_MEDIUM SOLID_THICK NONE DOUBLE"},
    {"NumberFormat.NumberFormatType",
     "NUMBER_FORMAT_TYPE_UNSPECIFIED TEXT NUMBER PERCENT CURRENCY DATE TIME DATE_TIME SCIENTIFIC"},
    {"ColumnType",
     "COLUMN_TYPE_UNSPECIFIED DOUBLE CURRENCY PERCENT DATE TIME DATE_TIME TEXT BOOLEAN DROPDOWN "
     "FILES_CHIP PEOPLE_CHIP FINANCE_CHIP PLACE_CHIP RATINGS_CHIP"},
    {"ConditionType",
     "CONDITION_TYPE_UNSPECIFIED NUMBER_GREATER NUMBER_GREATER_THAN_EQ NUMBER_LESS "
     "NUMBER_LESS_THAN_EQ NUMBER_EQ NUMBER_NOT_EQ NUMBER_BETWEEN NUMBER_NOT_BETWEEN TEXT_CONTAINS "
     "TEXT_NOT_CONTAINS TEXT_STARTS_WITH TEXT_ENDS_WITH TEXT_EQ TEXT_IS_EMAIL TEXT_IS_URL DATE_EQ "
     "DATE_BEFORE DATE_AFTER DATE_ON_OR_BEFORE DATE_ON_OR_AFTER DATE_BETWEEN DATE_NOT_BETWEEN "
     "DATE_IS_VALID ONE_OF_RANGE ONE_OF_LIST BLANK NOT_BLANK CUSTOM_FORMULA BOOLEAN TEXT_NOT_EQ "
     "DATE_NOT_EQ FILTER_EXPRESSION"},
    {"InterpolationPointType",
     "INTERPOLATION_POINT_TYPE_UNSPECIFIED MIN MAX NUMBER PERCENT PERCENTILE"},
    {"ErrorType",
     "ERROR_TYPE_UNSPECIFIED ERROR NULL_VALUE DIVIDE_BY_ZERO VALUE REF NAME NUM N_A LOADING"},
    {"RelativeDate",
     "RELATIVE_DATE_UNSPECIFIED PAST_YEAR PAST_MONTH PAST_WEEK YESTERDAY TODAY TOMORROW"},
    {"DisplayFormat", "DISPLAY_FORMAT_UNSPECIFIED DEFAULT LAST_NAME_COMMA_FIRST_NAME EMAIL"},
    {"InsertDataOption", "OVERWRITE INSERT_ROWS"},
    {NULL, NULL},
};
/* clang-format on */
