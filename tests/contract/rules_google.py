"""Rules of Google Sheets and Drive that are documented or reported rather than recorded, case by case."""
import copy
import json
import urllib.parse

from twin import Twin

ID = "1Rules00000000000000000000000000000000000001"
S = "/v4/spreadsheets/" + ID
OWNER, WRITER, READER, ROBOT = ("owner@example.com", "writer@example.com", "reader@example.com",
                                "robot@example.iam.gserviceaccount.com")
AUTH = "https://www.googleapis.com/auth/"
ROWS = [["Name", "Age", "When"],
        ["Anna", 31, {"v": 43831, "format": {"type": "DATE", "pattern": "yyyy-mm-dd"}}],
        ["Bob", 0.5, None],
        [],
        ["Carl", True, {"f": "=B2*2"}]]


def scenario():
    def token(name, user, *scopes):
        return {"token": name, "service": "google", "user": user, "scopes": [AUTH + s for s in scopes]}
    return {
        "now": "2026-03-01T12:00:00.000Z",
        "google": {"spreadsheets": [
            {"id": ID, "title": "Rules", "locale": "en_US", "timeZone": "Europe/Berlin",
             "shared": [{"email": OWNER, "role": "owner"}, {"email": WRITER, "role": "writer"},
                        {"email": READER, "role": "reader"}, {"email": ROBOT, "role": "writer"}],
             "sheets": [{"sheetId": 0, "title": "Sheet1", "rows": ROWS},
                        {"sheetId": 7, "title": "It's", "rowCount": 10, "columnCount": 3},
                        {"sheetId": 8, "title": "CO2", "rowCount": 5, "columnCount": 3}]},
            {"id": "1Office", "title": "Book.xlsx", "shared": [{"email": OWNER, "role": "owner"}],
             "mimeType": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"}]},
        "tokens": [token("owner", OWNER, "spreadsheets", "drive"),
                   token("writer", WRITER, "spreadsheets"),
                   token("reader", READER, "spreadsheets"),
                   token("readonly", OWNER, "spreadsheets.readonly"),
                   token("file", OWNER, "drive.file"),
                   token("robot", ROBOT, "spreadsheets", "drive")]}


class Rules:
    def __init__(self, cases, t):
        self.cases = cases
        self.t = t

    def begin(self):
        self.t.control("load", scenario())
        self.t.token = "owner"

    def get(self, path, **query):
        q = urllib.parse.urlencode(query, doseq=True)
        return self.t.send("GET", S + path + ("?" + q if q else ""))

    def values(self, where, **query):
        a = self.get("/values/" + urllib.parse.quote(where, safe=""), **query)
        return a.json.get("values") if a.status == 200 else a.json["error"]["message"]

    def batch(self, *requests, **more):
        return self.t.send("POST", S + ":batchUpdate", dict({"requests": list(requests)}, **more))

    def put(self, where, values, option="RAW", **more):
        return self.t.send("PUT", S + "/values/" + urllib.parse.quote(where, safe="") +
                           "?valueInputOption=" + option, dict({"values": values}, **more))

    def check(self, name, got, want):
        self.cases.check("rule: " + name, got == want, f"wanted {want!r}, came {got!r}")

    def error(self, name, a, status, text):
        e = a.json.get("error", {}) if isinstance(a.json, dict) else {}
        self.check(name, (a.status, e.get("message")), (status, text))


def ranges(r):
    echo = [("A1:B2", "Sheet1!A1:B2"), ("'Sheet1'!D4:A1", "Sheet1!A1:D4"),
            ("sheet1!A1:C", "Sheet1!A1:C1000"), ("A2:2", "Sheet1!A2:Z2"), ("Sheet1", "Sheet1!A1:Z1000"),
            ("A1:AA5", "Sheet1!A1:Z5"), ("B2:B2", "Sheet1!B2"), ("'It''s'", "'It''s'!A1:C10"),
            ("It's!A1", "'It''s'!A1"), ("'CO2'!A1:B1", "'CO2'!A1:B1"), ("R1C1:R2C3", "Sheet1!A1:C2"),
            ("2:3", "Sheet1!A2:Z3"), ("B:A", "Sheet1!A1:B1000"), ("!A1", "Sheet1!A1")]
    for text, want in echo:
        a = r.get("/values/" + urllib.parse.quote(text, safe=""))
        r.check(f"range {text} is echoed", a.json.get("range", a.text), want)
    for text in ("NOPE!A1", "A1:B2:C3", "AAAA1", "'Sheet1'A1", " Sheet1", "Sheet1!ZZZZ1", "Sheet1!"):
        r.check(f"range {text} is not understood", r.values(text), "Unable to parse range: " + text)
    limits = "Range ({}) exceeds grid limits. Max rows: {}, max columns: {}"
    r.check("an unquoted CO2 is a cell of the first sheet", r.values("CO2"),
            limits.format("Sheet1!CO2", 1000, 26))
    r.check("a read that starts outside the grid fails", r.values("Sheet1!A5000:B5001"),
            limits.format("Sheet1!A5000:B5001", 1000, 26))


def reads(r):
    r.check("formatted values", r.values("A1:C5"),
            [["Name", "Age", "When"], ["Anna", "31", "2020-01-01"], ["Bob", "0.5"], [],
             ["Carl", "TRUE", "62"]])
    r.check("unformatted values", r.values("A1:C5", valueRenderOption="UNFORMATTED_VALUE"),
            [["Name", "Age", "When"], ["Anna", 31, 43831], ["Bob", 0.5], [], ["Carl", True, 62]])
    r.check("formulas", r.values("A5:C5", valueRenderOption="FORMULA"), [["Carl", True, "=B2*2"]])
    r.check("by columns", r.values("A1:B3", majorDimension="COLUMNS"),
            [["Name", "Anna", "Bob"], ["Age", "31", "0.5"]])
    r.check("an empty range has no values", r.get("/values/E1%3AF9").json,
            {"range": "Sheet1!E1:F9", "majorDimension": "ROWS"})
    a = r.get("/values/A1", majorDimension="X")
    r.error("an unknown option", a, 400, "Invalid value at 'major_dimension' (type.googleapis.com/"
            "google.apps.sheets.v4.Dimension), \"X\"")
    a = r.get("/values/A1", nonsense="1")
    r.error("an unknown parameter", a, 400, "Invalid JSON payload received. Unknown name \"nonsense\": "
            "Cannot bind query parameter. Field 'nonsense' could not be found in request message.")
    a = r.get("/values:batchGet", ranges=["A1", "Nope!A1"])
    r.error("one bad range sinks a batch", a, 400, "Unable to parse range: Nope!A1")
    a = r.get("/values:batchGet", ranges=["Sheet1!A2:B2", "A1"], prettyPrint="false",
              valueRenderOption="UNFORMATTED_VALUE")
    r.check("compact print keeps the order of ranges", a.text,
            '{"spreadsheetId":"' + ID + '","valueRanges":[{"range":"Sheet1!A2:B2","majorDimension":'
            '"ROWS","values":[["Anna",31]]},{"range":"Sheet1!A1","majorDimension":"ROWS","values":'
            '[["Name"]]}]}')


def masks(r):
    want = {"sheets": [{"properties": {"sheetId": 0}}, {"properties": {"sheetId": 7}},
                       {"properties": {"sheetId": 8}}]}
    for mask in ("sheets.properties.sheetId", "sheets/properties/sheetId",
                 "sheets(properties(sheetId))", "sheets(properties/sheetId)"):
        r.check("mask " + mask, r.get("", fields=mask).json, want)
    grid = "sheets.data(startRow,rowData.values(userEnteredValue,effectiveValue,effectiveFormat.numberFormat))"
    a = r.get("", fields=grid, ranges="Sheet1!C2:C5")
    r.check("a mask that names data reads the grid", a.json, {"sheets": [{"data": [{
        "startRow": 1, "rowData": [
            {"values": [{"userEnteredValue": {"numberValue": 43831}, "effectiveValue": {"numberValue": 43831},
                         "effectiveFormat": {"numberFormat": {"type": "DATE", "pattern": "yyyy-mm-dd"}}}]},
            {}, {},
            {"values": [{"userEnteredValue": {"formulaValue": "=B2*2"},
                         "effectiveValue": {"numberValue": 62}, "effectiveFormat": {}}]}]}]}]})
    a = r.get("", fields="sheets.nope,spreadsheetId")
    v = a.json["error"]["details"][0]["fieldViolations"][0]
    r.check("an unknown name in a mask", (a.status, a.json["error"]["message"], v["field"]),
            (400, "Request contains an invalid argument.", "sheets.nope"))
    r.check("structure without cells", "data" in r.get("").json["sheets"][0], False)
    r.check("cells when asked for", "data" in r.get("", includeGridData="true").json["sheets"][0], True)


def writes(r):
    a = r.put("A1:B2", [["x", None, ""]])
    r.error("values wider than the range", a, 400,
            "Requested writing within range [Sheet1!A1:B2], but tried writing to column [C]")
    a = r.put("A1:B2", [["x"], ["y"], ["z"]])
    r.error("values taller than the range", a, 400,
            "Requested writing within range [Sheet1!A1:B2], but tried writing to row [3]")
    a = r.put("A2:C2", [[None, "", "new"]])
    r.check("null leaves a cell, an empty text clears it",
            (a.status, r.values("A2:C2", valueRenderOption="UNFORMATTED_VALUE")),
            (200, [["Anna", "", "new"]]))
    r.check("an anchor takes more than one cell", r.put("E1", [[1, 2], [3]]).json["updatedRange"], "Sheet1!E1:F2")
    r.check("so does an open range", r.put("E:E", [[1, 2]]).json["updatedRange"], "Sheet1!E1:F1")
    a = r.put("Z1000", [[1, 2]])
    r.error("a write beyond the grid", a, 400,
            "Range (Sheet1!Z1000:AA1000) exceeds grid limits. Max rows: 1000, max columns: 26")
    a = r.t.send("PUT", S + "/values/A1", {"values": [["x"]]})
    r.error("no input option", a, 400, "'valueInputOption' is required but not specified")
    a = r.put("A1", [["x"]], range="Sheet1!B1")
    r.error("another range in the body", a, 400, "Requested range[A1] does not match value's range[Sheet1!B1]")
    a = r.put("A1", [["x" * 50001]])
    r.error("too long a text", a, 400,
            "Your input contains more than the maximum of 50000 characters in a single cell.")
    r.check("the longest text", r.put("H9", [["é" * 50000]]).status, 200)
    body = {"valueInputOption": "RAW", "data": [{"range": "D1", "values": [["first"]]},
                                                {"range": "Sheet1!A1000:A1001", "values": [["x"]]}]}
    a = r.t.send("POST", S + "/values:batchUpdate", body)
    r.error("a batch names what is wrong in it", a, 400, "Invalid data[1]: Range (Sheet1!A1000:A1001) "
            "exceeds grid limits. Max rows: 1000, max columns: 26")
    r.check("and writes nothing of it", r.values("D1"), None)
    a = r.put("A1", [[["x"]]])
    r.check("a list in a cell is refused", (a.status, a.json["error"]["message"][:25]),
            (400, "Invalid values[0][0]: lis"))
    a = r.t.send("PUT", S + "/values/A1?valueInputOption=RAW", {"vals": [["x"]]})
    r.error("an unknown name in the body", a, 400,
            "Invalid JSON payload received. Unknown name \"vals\" at 'data': Cannot find field.")
    r.t.token = "reader"
    r.error("a reader may not write", r.put("A1", [["x"]]), 403, "The caller does not have permission")


ENTERED = [("$100.15", 100.15, "$100.15", "CURRENCY"), ("2026-09-05", 46270, "2026-09-05", "DATE"),
           ("1-2", 46024, "1/2/2026", "DATE"), ("007", 7, "7", None), ("TRUE", True, "TRUE", None),
           ("=1+2", 3, "3", None), ("'0123", "0123", "0123", None), ("3_1_0", "3_1_0", "3_1_0", None),
           ("2,000,000.01", 2000000.01, "2,000,000.01", "NUMBER"), ("50.1%", 0.501, "50.10%", "PERCENT"),
           ("10:30", 0.4375, "10:30:00 AM", "TIME"), ("1e5", 100000, "1.00E+05", "SCIENTIFIC"),
           ("2026-09-05T10:00:00Z",) + ("2026-09-05T10:00:00Z",) * 2 + (None,), ("12 apples",) * 3 + (None,),
           ("9/5/2026 14:30", 46270.604166666664, "9/5/2026 14:30:00", "DATE_TIME"), ("(5)", -5, "-5", None)]


def entered(r):
    for typed, value, shown, kind in ENTERED:
        r.begin()
        r.put("J1", [[typed]], "USER_ENTERED")
        a = r.get("", ranges="J1", fields="sheets.data.rowData.values(effectiveValue,formattedValue,"
                  "userEnteredFormat.numberFormat.type)")
        cell = a.json["sheets"][0]["data"][0]["rowData"][0]["values"][0]
        got = (list(cell["effectiveValue"].values())[0], cell["formattedValue"],
               cell.get("userEnteredFormat", {}).get("numberFormat", {}).get("type"))
        r.check(f"typed {typed}", got, (value, shown, kind))
        r.put("J2", [[typed]])
        r.check(f"raw {typed}", r.values("J2", valueRenderOption="UNFORMATTED_VALUE"), [[typed]])
    r.begin()
    r.batch({"updateSpreadsheetProperties": {"properties": {"locale": "de_DE"}, "fields": "locale"}})
    r.put("J1", [["1.234,5"], ["5.9.2026"]], "USER_ENTERED")
    r.check("a German comma and date", r.values("J1:J2", valueRenderOption="UNFORMATTED_VALUE"),
            [[1234.5], [46270]])
    r.check("are shown the German way", r.values("J1:J2"), [["1.234,50"], ["05.09.2026"]])


FORMATS = [("NUMBER", "0.00", 2.345, "2.35"), ("NUMBER", "#,##0", 1234567, "1,234,567"), ("NUMBER", None, -3.5, "-3.50"),
           ("PERCENT", "0.0%", 0.12345, "12.3%"), ("CURRENCY", "[$€]#,##0.00", 5, "€5.00"),
           ("DATE", "dd.MM.yyyy", 43831, "01.01.2020"), ("DATE", None, 43831, "1/1/2020"),
           ("DATE", "d mmm yyyy", 43831.9, "1 Jan 2020"), ("DATE", "dddd, mmmm d", 43831, "Wednesday, January 1"),
           ("DATE_TIME", "yyyy-mm-dd hh:mm:ss", 43831.5, "2020-01-01 12:00:00"),
           ("DATE_TIME", "yyyy-mm-dd hh:mm:ss", 43831.25 - 1e-9, "2020-01-01 06:00:00"),
           ("TIME", "[h]:mm:ss", 1.5 + 1 / 86400, "36:00:01"), ("TIME", "h:mm am/pm", 0.75, "6:00 PM"),
           ("TIME", "[mm]:ss", 0.0625, "90:00"), ("SCIENTIFIC", "0.00E+00", 12345, "1.23E+04"),
           ("TEXT", "@", 5, "5"), ("NUMBER", "0.00;(0.00)", -2, "(2.00)"), ("NUMBER", "0;-0;zero", 0, "zero"),
           (None, None, 1 / 3, "0.3333333333"), (None, None, 0.1 + 0.2, "0.3"), (None, None, 123456789012, "123456789012"),
           (None, None, 1.70597e15, "1.70597E+15"), (None, None, True, "TRUE")]


def formats(r):
    for n, (kind, pattern, value, want) in enumerate(FORMATS):
        cell = {"userEnteredValue": {"boolValue" if value is True else "numberValue": value}}
        if kind:
            f = {"type": kind}
            if pattern:
                f["pattern"] = pattern
            cell["userEnteredFormat"] = {"numberFormat": f}
        r.batch({"updateCells": {"start": {"rowIndex": 20 + n, "columnIndex": 3}, "fields": "*",
                                 "rows": [{"values": [cell]}]}})
        r.check(f"{value} as {kind} {pattern}", r.values(f"D{21 + n}"), [[want]])


def formulas(r):
    table = [("=SUM(B2:B3)", 31.5), ("=IF(B2>30,\"old\",\"young\")", "old"), ("=A2&\"!\"", "Anna!"),
             ("=B2^2%", 31 ** 0.02), ("=\"a\"=\"A\"", True), ("=-B2+1", -30), ("=1/0", "#DIV/0! (Function DIVIDE "
             "parameter 2 cannot be zero.)"), ("=NOPE(1)", "#NAME? (Unknown function: 'NOPE'.)"),
             ("=NA()", "#N/A"), ("=J21", "#REF! (Circular dependency detected. To resolve with iterative "
             "calculation, see File > Settings.)"), ("=(", "#ERROR! (Formula parse error.)"),
             ("=TODAY()", 46082), ("=NOW()", 46082.54166666667), ("='It''s'!A1+1", 1),
             ("=1+\"x\"", "#VALUE! (Function or operator expects number values. But 'x' is a text and "
              "cannot be coerced to a number.)"), ("=DATE(2020,13,1)", 44197)]
    for formula, want in table:
        r.batch({"updateCells": {"start": {"rowIndex": 20, "columnIndex": 9}, "fields": "userEnteredValue",
                                 "rows": [{"values": [{"userEnteredValue": {"formulaValue": formula}}]}]}})
        r.t.control("clock", {"set_ms": 1772366400000, "stop": True})
        r.check("formula " + formula, r.values("J21", valueRenderOption="UNFORMATTED_VALUE"), [[want]])
    r.begin()
    steps = [({"insertDimension": {"range": {"dimension": "ROWS", "startIndex": 1, "endIndex": 2}}}, "C6", "=B3*2"),
             ({"deleteDimension": {"range": {"dimension": "ROWS", "startIndex": 3, "endIndex": 5}}}, "C4", "=B3*2"),
             ({"insertDimension": {"range": {"dimension": "COLUMNS", "startIndex": 0, "endIndex": 1}}}, "D4", "=C3*2"),
             ({"moveDimension": {"source": {"dimension": "ROWS", "startIndex": 2, "endIndex": 3},
                                 "destinationIndex": 8}}, "D3", "=C8*2"),
             ({"deleteDimension": {"range": {"dimension": "ROWS", "startIndex": 7, "endIndex": 8}}}, "D3", "=#REF!*2")]
    for request, cell, want in steps:
        a = r.batch(request)
        r.check(f"after {list(request)[0]} the formula reads", (a.status, r.values(cell, valueRenderOption="FORMULA")),
                (200, [[want]]))


def batches(r):
    n = {"userEnteredValue": {"numberValue": 1}}
    one = {"updateCells": {"start": {"rowIndex": 0, "columnIndex": 9}, "rows": [{"values": [n]}], "fields": "userEnteredValue"}}
    r.error("no requests", r.batch(), 400, "Must specify at least one request.")
    r.error("an unknown kind", r.batch(one, {"frobnicate": {}}), 400, "Invalid JSON payload received. "
            "Unknown name \"frobnicate\" at 'requests[1]': Cannot find field.")
    r.error("a request that is a text", r.batch("repeatCell"), 400, "Invalid value at 'requests[0]' (type.googleapis."
            "com/google.apps.sheets.v4.BatchUpdateSpreadsheetRequest.Request), \"repeatCell\"")
    r.error("an unknown field deep down", r.batch({"updateCells": {"rows": [{"values": [{"useEntered": 1}]}]}}), 400,
            "Invalid JSON payload received. Unknown name \"useEntered\" at 'requests[0].update_cells.rows[0]."
            "values[0]': Cannot find field.")
    bad = {"updateCells": {"rows": [{"values": [{"userEnteredValue": {"stringValue": 5}}]}]}}
    r.error("a number for a text", r.batch(bad), 400, "Invalid value at 'requests[0].update_cells.rows[0].values[0]."
            "user_entered_value.string_value' (TYPE_STRING), 5")
    two = {"userEnteredValue": {"numberValue": 1, "stringValue": "x"}}
    r.error("two values in one cell", r.batch({"updateCells": {"rows": [{"values": [two]}]}}), 400,
            "Invalid value at 'requests[0].update_cells.rows[0].values[0].user_entered_value' (oneof), oneof field "
            "'value' is already set. Cannot set 'stringValue'")
    a = r.batch(one, {"deleteSheet": {"sheetId": 99}})
    r.error("a batch that fails at its end", a, 400, "Invalid requests[1].deleteSheet: No grid with id: 99")
    r.check("has written nothing", r.values("J1"), None)
    r.error("no mask", r.batch({"updateCells": {"start": {}, "rows": []}}), 400, "Invalid requests[0].updateCells: At "
            "least one field must be listed in 'fields'. (Use '*' to indicate all fields.)")
    wide = copy.deepcopy(one)
    wide["updateCells"]["start"] = {"sheetId": 8, "columnIndex": 2}
    wide["updateCells"]["rows"] = [{"values": [n, n]}]
    r.error("a column too far", r.batch(wide), 400, "Invalid requests[0].updateCells: Attempting to write column: 3, "
            "beyond the last requested column of: 2")
    wide["updateCells"]["start"] = {"sheetId": 8, "rowIndex": 5}
    r.error("a row too far", r.batch(wide), 400, "Invalid requests[0].updateCells: Attempting to write row: 5, "
            "beyond the last requested row of: 4")
    a = r.batch(one, {"addSheet": {"properties": {"title": "New"}}}, one)
    r.check("replies are one to one", [list(x) for x in a.json["replies"]], [[], ["addSheet"], []])
    a = r.batch({"updateCells": {"range": {"startRowIndex": 1, "endRowIndex": 3, "startColumnIndex": 0, "endColumnIndex": 2},
                                 "rows": [{"values": [{"userEnteredValue": {"stringValue": "=1+1"}}]}],
                                 "fields": "userEnteredValue"}},
                includeSpreadsheetInResponse=True, responseRanges=["A2:C3"], responseIncludeGridData=True)
    got = a.json["updatedSpreadsheet"]["sheets"][0]["data"][0]["rowData"]
    r.check("a range is cleared where no cell is given",
            [[c.get("formattedValue") for c in row.get("values", [])] for row in got],
            [["=1+1", None, "2020-01-01"]])
    mask = "updatedSpreadsheet.sheets.data.rowData.values.userEnteredValue"
    a = r.t.send("POST", S + ":batchUpdate?fields=" + mask, {
        "requests": [one], "includeSpreadsheetInResponse": True, "responseRanges": ["Sheet1!A1:A2", "J1"]})
    r.check("the answer's mask reaches into the spreadsheet", a.json, {"updatedSpreadsheet": {"sheets": [{"data": [
        {"rowData": [{"values": [{"userEnteredValue": {"stringValue": "Name"}}]},
                     {"values": [{"userEnteredValue": {"stringValue": "=1+1"}}]}]},
        {"rowData": [{"values": [{"userEnteredValue": {"numberValue": 1}}]}]}]}]}})


def dimensions(r):
    def span(first, last, dim="ROWS", sheet=8):
        return {"range": {"sheetId": sheet, "dimension": dim, "startIndex": first, "endIndex": last}}
    r.error("a row that is not there", r.batch({"deleteDimension": span(5, 6)}), 400,
            "Invalid requests[0].deleteDimension: Cannot delete a row that doesn't exist. Tried to delete row index 5 "
            "but there are only 5 rows.")
    r.error("all rows", r.batch({"deleteDimension": span(0, 5)}), 400,
            "Invalid requests[0].deleteDimension: You can't delete all the rows on the sheet.")
    props = {"sheetId": 8, "gridProperties": {"frozenRowCount": 1}}
    r.batch({"updateSheetProperties": {"properties": props, "fields": "gridProperties.frozenRowCount"}})
    r.error("all rows that are not frozen", r.batch({"deleteDimension": span(1, 5)}), 400,
            "Invalid requests[0].deleteDimension: Sorry, it is not possible to delete all non-frozen rows.")
    r.error("no such sheet", r.batch({"deleteDimension": span(1, 2, sheet=99)}), 400,
            "Invalid requests[0].deleteDimension: No grid with id: 99")
    big = {"appendDimension": {"sheetId": 8, "dimension": "ROWS", "length": 4000000}}
    r.error("more than 10,000,000 cells", r.batch(big), 400, "Invalid requests[0].appendDimension: This action would "
            "increase the number of cells in the workbook above the limit of 10000000 cells.")
    wide = {"appendDimension": {"sheetId": 8, "dimension": "COLUMNS", "length": 18276}}
    r.error("more than 18,278 columns", r.batch(wide), 400, "Invalid requests[0].appendDimension: This action would "
            "increase the number of columns in the sheet above the limit of 18278 columns.")
    r.batch({"appendDimension": {"sheetId": 8, "dimension": "ROWS", "length": 3}})
    g = r.get("", fields="sheets.properties.gridProperties").json["sheets"][2]["properties"]["gridProperties"]
    r.check("rows come at the end", g, {"rowCount": 8, "columnCount": 3, "frozenRowCount": 1})
    hide = dict(span(1, 3), properties={"hiddenByUser": True}, fields="hiddenByUser")
    r.batch({"updateDimensionProperties": hide})
    a = r.get("", ranges="'CO2'!A1:A4", fields="sheets.data.rowMetadata.hiddenByUser")
    r.check("hidden rows say so", a.json["sheets"][0]["data"][0]["rowMetadata"],
            [{}, {"hiddenByUser": True}, {"hiddenByUser": True}, {}])


def sheets(r):
    def update(fields, **props):
        return r.batch({"updateSheetProperties": {"properties": props, "fields": fields}})
    r.error("a title that is taken", r.batch({"addSheet": {"properties": {"title": "SHEET1"}}}), 400,
            "Invalid requests[0].addSheet: A sheet with the name \"SHEET1\" already exists. Please enter another name.")
    r.error("an id that is taken", r.batch({"addSheet": {"properties": {"sheetId": 0}}}), 400,
            "Invalid requests[0].addSheet: Sheet with id 0 already exists")
    hide = [{"updateSheetProperties": {"properties": {"sheetId": i, "hidden": True}, "fields": "hidden"}} for i in (0, 7, 8)]
    r.error("all sheets hidden", r.batch(*hide), 400,
            "Invalid requests[2].updateSheetProperties: You can't hide all the sheets in a document.")
    drop = [{"deleteSheet": {"sheetId": i}} for i in (0, 7, 8)]
    r.error("all sheets gone", r.batch(*drop), 400,
            "Invalid requests[2].deleteSheet: You can't remove all the sheets in a document.")
    update("title", sheetId=0, title="Data 1")
    r.check("a new title", r.values("'Data 1'!A1"), [["Name"]])
    r.put("'CO2'!A1", [["='Data 1'!B2"]], "USER_ENTERED")
    update("title", sheetId=0, title="Other")
    r.check("formulas follow a new title", r.values("'CO2'!A1", valueRenderOption="FORMULA"), [["=Other!B2"]])
    update("index", sheetId=0, index=3)
    r.check("a new place", [s["properties"]["sheetId"] for s in r.get("", fields="sheets.properties.sheetId").json["sheets"]],
            [7, 8, 0])
    a = r.batch({"duplicateSheet": {"sourceSheetId": 0, "newSheetName": "Twice", "insertSheetIndex": 0, "newSheetId": 55}})
    r.check("a copy of a sheet", (a.json["replies"][0]["duplicateSheet"]["properties"]["index"], r.values("Twice!A2")),
            (0, [["Anna"]]))


def protection(r):
    area = {"startRowIndex": 0, "endRowIndex": 1}
    a = r.batch({"addProtectedRange": {"protectedRange": {"range": area, "editors": {"users": [OWNER]}}}})
    pid = a.json["replies"][0]["addProtectedRange"]["protectedRange"]["protectedRangeId"]
    text = ("You are trying to edit a protected cell or object. Please contact the spreadsheet owner to remove "
            "protection if you need to edit.")
    r.check("the owner may edit", r.put("A1", [["mine"]]).status, 200)
    r.t.token = "writer"
    body = {"valueInputOption": "RAW", "data": [{"range": "A1", "values": [["x"]]}]}
    r.error("another may not", r.t.send("POST", S + "/values:batchUpdate", body), 400, "Invalid data[0]: " + text)
    one = {"updateCells": {"start": {}, "rows": [{"values": [{}]}], "fields": "userEnteredValue"}}
    r.error("nor in a batch", r.batch(one), 400, "Invalid requests[0].updateCells: " + text)
    r.check("but beside it", r.put("A2", [["x"]]).status, 200)
    r.t.token = "owner"
    r.check("a protection goes", r.batch({"deleteProtectedRange": {"protectedRangeId": pid}}).status, 200)
    r.batch({"addProtectedRange": {"protectedRange": {"range": area, "warningOnly": True}}})
    r.t.token = "writer"
    r.check("a warning stops nobody's program", r.put("A1", [["x"]]).status, 200)


def metadata(r):
    def create(key, where, value=None, **more):
        m = dict({"metadataKey": key, "visibility": "DOCUMENT", "location": where}, **more)
        if value is not None:
            m["metadataValue"] = value
        return r.batch({"createDeveloperMetadata": {"developerMetadata": m}})
    row = {"dimensionRange": {"sheetId": 0, "dimension": "ROWS", "startIndex": 2, "endIndex": 3}}
    create("row", row, "bob", metadataId=41)
    create("book", {"spreadsheet": True}, "x")

    def search(**lookup):
        a = r.t.send("POST", S + "/developerMetadata:search", {"dataFilters": [{"developerMetadataLookup": lookup}]})
        return [m["developerMetadata"] for m in a.json.get("matchedDeveloperMetadata", [])]
    r.check("an empty lookup finds all", sorted(m["metadataKey"] for m in search()), ["book", "row"])
    r.check("a lookup that finds nothing", search(metadataKey="none"), [])
    r.batch({"insertDimension": {"range": {"dimension": "ROWS", "startIndex": 0, "endIndex": 2}}})
    r.check("metadata moves with its row", search(metadataKey="row")[0]["location"]["dimensionRange"]["startIndex"], 4)
    f = {"dataFilters": [{"developerMetadataLookup": {"metadataId": 41}}]}
    a = r.t.send("POST", S + "/values:batchGetByDataFilter", f)
    r.check("and finds the row's values", a.json["valueRanges"][0]["valueRange"]["values"], [["Bob", "0.5"]])
    r.batch({"deleteDimension": {"range": {"dimension": "ROWS", "startIndex": 4, "endIndex": 5}}})
    r.check("metadata goes with its row", search(metadataKey="row"), [])
    r.error("an unknown id", r.get("/developerMetadata/41"), 404, "No developer metadata with ID 41")
    r.check("so much fits a sheet", create("k", {"sheetId": 0}, "v" * 29999).status, 200)
    r.check("and no more", create("k", {"sheetId": 0}, "v").status, 400)
    two = {"dimensionRange": {"sheetId": 0, "dimension": "ROWS", "startIndex": 2, "endIndex": 4}}
    r.check("two rows are no place", create("k", two).status, 400)


def appends(r):
    tables = [["A", "B", "C"], [1, 2, 3], [], ["", "a", "b", "c"], ["", 1, 2, 3], ["", 4, 5, 6]]
    cases = {"Sheet1": "B7", "B4": "B7", "C5:D5": "B7", "B2:D4": "B7", "A3:G10": "B7", "A1": "A3", "E4": "E4", "A4": "A4"}
    for where, want in cases.items():
        sc = scenario()
        sc["google"]["spreadsheets"][0]["sheets"][0]["rows"] = tables
        r.t.control("load", sc)
        a = r.t.send("POST", S + "/values/" + urllib.parse.quote(where, safe="") + ":append?valueInputOption=RAW",
                     {"values": [["new"]]})
        r.check(f"append to {where} lands in {want}", a.json["updates"]["updatedRange"], "Sheet1!" + want)
    a = r.t.send("POST", S + "/values/A1:append?valueInputOption=RAW&insertDataOption=INSERT_ROWS",
                 {"values": [["x"], ["y"]]})
    r.check("rows are inserted below the table", (a.json["updates"]["updatedRange"], r.values("B6:B6")),
            ("Sheet1!A3:A4", [["a"]]))


def access(r):
    r.error("an unknown spreadsheet", r.t.send("GET", "/v4/spreadsheets/1Nope"), 404, "Requested entity was not found.")
    a = r.t.send("GET", "/v4/spreadsheets/1Office")
    r.check("an Office file", (a.status, a.json["error"]["status"]), (400, "FAILED_PRECONDITION"))
    r.t.control("person", {"sheets": [{"op": "unshare", "email": WRITER}]})
    r.t.token = "writer"
    r.error("not shared any more", r.get(""), 403, "The caller does not have permission")
    r.t.token = "readonly"
    r.check("a scope to read reads", r.get("/values/A1").status, 200)
    a = r.put("A1", [["x"]])
    r.check("and does not write", (a.status, a.json["error"]["details"][0]["reason"]),
            (403, "ACCESS_TOKEN_SCOPE_INSUFFICIENT"))
    r.t.token = "file"
    r.check("drive.file does not reach the files of others", r.get("").status, 404)
    a = r.t.send("POST", "/v4/spreadsheets", {"properties": {"title": "Own"}})
    r.check("but its own", r.t.send("GET", "/v4/spreadsheets/" + a.json["spreadsheetId"]).status, 200)
    a = r.t.send("POST", S + "/values:batchUpdate", "{\"data\": [", {"Content-Type": "application/json"})
    r.check("broken JSON", (a.status, a.json["error"]["status"]), (400, "INVALID_ARGUMENT"))


def drive(r):
    f = "/drive/v3/files/" + ID

    def version():
        a = r.t.send("GET", f + "?fields=version,modifiedTime")
        return int(a.json["version"])
    before = version()
    r.put("A1", [["x"]])
    r.check("Drive does not notice an edit at once", version(), before)
    r.t.control("clock", {"advance_ms": 181000})
    r.check("but after three minutes", version() > before, True)
    r.batch({"updateSpreadsheetProperties": {"properties": {"title": "Named"}, "fields": "title"}})
    a = r.t.send("GET", f + "?fields=name,capabilities(canEdit),trashed")
    r.check("a new name shows at once", a.json, {"name": "Named", "trashed": False, "capabilities": {"canEdit": True}})
    a = r.t.send("GET", f + "/export?mimeType=text/csv")
    r.check("CSV", a.text, 'x,Age,When\r\nAnna,31,2020-01-01\r\nBob,0.5,\r\n,,\r\nCarl,TRUE,62')
    a = r.t.send("GET", f + "?fields=nope")
    r.error("an unknown field", a, 400, "Invalid field selection nope")
    r.t.token = "robot"
    a = r.t.send("POST", f + "/copy", {})
    r.check("a service account has no room", (a.status, a.json["error"]["errors"][0]["reason"]), (403, "storageQuotaExceeded"))
    r.error("nor has it through Sheets", r.t.send("POST", "/v4/spreadsheets", {}), 403, "The caller does not have permission")
    r.t.token = "writer"
    r.check("Drive needs its own scope", r.t.send("GET", f).json["error"]["errors"][0]["reason"], "insufficientPermissions")


def people(r):
    def do(*edits):
        r.t.control("person", {"sheets": list(edits)})
    do({"op": "insert_rows", "row": 2, "count": 1}, {"op": "set", "cell": "A2", "value": "Zoe"},
       {"op": "set", "cell": "B2", "entered": "1/2/2026"})
    r.check("a row is inserted and filled", r.values("A2:B2"), [["Zoe", "1/2/2026"]])
    do({"op": "set", "cell": "C3", "formula": "=B3*10"},
       {"op": "sort", "by": "Name", "header": True, "descending": True})
    r.check("rows are sorted, empty ones last", r.values("A1:A6"), [["Name"], ["Zoe"], ["Carl"], ["Bob"], ["Anna"]])
    r.check("formulas in sorted rows go along", r.values("C5", valueRenderOption="FORMULA"), [["=B5*10"]])
    do({"op": "copy_row", "from": 2})
    do({"op": "move_row", "from": 2, "to": 5})
    r.check("a row is copied and moved", r.values("A1:A7"), [["Name"], ["Carl"], ["Bob"], ["Zoe"], ["Anna"], ["Zoe"]])
    do({"op": "cut_paste", "from": 2, "to": 3})
    r.check("a row is pasted over another", r.values("A1:A4"), [["Name"], [], ["Carl"], ["Zoe"]])
    do({"op": "rename_header", "column": "Age", "name": "Years"}, {"op": "move_column", "column": "Years", "before": "Name"},
       {"op": "add_column", "name": "Extra"}, {"op": "delete_column", "column": "When"})
    r.check("columns come, go and move", r.values("A1:E1"), [["Years", "Name", "Extra"]])
    do({"op": "rename_tab", "name": "Renamed"}, {"op": "add_tab", "name": "Third"}, {"op": "append_row", "sheet": "Third",
       "values": ["a", 2, {"f": "=B1+1"}]}, {"op": "set_zone", "timeZone": "America/New_York"})
    r.check("tabs and zones", (r.values("Third!A1:C1"), r.get("", fields="properties.timeZone").json["properties"]["timeZone"]),
            ([["a", "2", "3"]], "America/New_York"))
    log = r.t.control("writes")
    writes = log if isinstance(log, list) else log["writes"]
    r.check("each edit is in the log", all(w["service"] == "person" for w in writes) and len(writes) >= 14, True)
    a = r.t.send("POST", "/__twin__/person", {"sheets": [{"op": "fly"}]}, token=False)
    r.check("an edit that is none", (a.status, a.json["error"]), (400, "no such edit: fly"))


def stale(r):
    r.put("A1", [["first"]])
    r.put("A1", [["second"]])
    r.t.control("faults", {"faults": [{"match": {"nth": 1}, "fault": {"kind": "stale_read", "ms": 60000}}]})
    r.check("a stale read shows the state before", r.values("A1"), [["first"]])
    r.t.control("clock", {"advance_ms": 61000})
    r.check("until time has passed", r.values("A1"), [["second"]])


def dump(r):
    state = r.t.control("state?only=google")["google"]
    first = state["spreadsheets"][0]["sheets"][0]
    r.check("the state shows values, formulas and what is seen", first["rows"][4][2], {"f": "=B2*2", "v": 62, "text": "62"})
    r.check("and can be loaded again", first["rows"][1][2]["format"]["pattern"], "yyyy-mm-dd")
    r.t.control("load", dict(scenario(), google=json.loads(json.dumps(state))))
    r.check("with the same cells", r.t.control("state?only=google")["google"], state)


def run(cases):
    with Twin(scenario()) as t:
        r = Rules(cases, t)
        for story in (ranges, reads, masks, writes, entered, formats, formulas, batches, dimensions, sheets, protection,
                      metadata, appends, access, drive, people, stale, dump):
            r.begin()
            story(r)
