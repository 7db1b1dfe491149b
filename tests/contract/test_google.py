"""Holds the twin's Sheets and Drive against recorded answers of the real ones (when CONTRACTS names
their folder), and against the rules that their documentation states."""
import glob
import json
import os
import re
import urllib.parse

import rules_google
from twin import CONTRACTS, Cases, Twin, have_contracts

FOLDER = "google-recorded"
TOKEN = "ya29.contract-user"
USER = "user@example.com"
SCOPES = "https://www.googleapis.com/auth/spreadsheets https://www.googleapis.com/auth/drive"
PLACE = "1placeholderSpreadsheetIdxxxxxxxxxxxxxxxxx"
cases = Cases()


# ---- comparing ----

class Same:
    """Equal but for spreadsheet ids, sheet ids that the server chose, times and project numbers.
    part: what came may hold more than what was recorded (recordings that were cut down)."""

    TIME = re.compile(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$")
    CHOSEN = ("sheetId", "protectedRangeId")

    def __init__(self, part=False):
        self.part = part
        self.ids = {}
        self.why = ""

    def text(self, want, got):
        if self.TIME.match(want) and self.TIME.match(got):
            return True
        if PLACE in want and want not in (got,):
            found = re.search(PLACE + r"\d\d", want).group(0)
            want = want.replace(found, self.ids.get(found, found))
        want = re.sub(r"\?ouid=\d+$|/a/[a-z.]+(?=/spreadsheets)", "", want)
        number = r"(project_number:|projects/|project=)\d+|in project \d+"
        return re.sub(number, "N", want) == re.sub(number, "N", got)

    def same(self, want, got, path=""):
        self.why = f"{path or '/'}: recorded {json.dumps(want)[:300]}, came {json.dumps(got)[:300]}"
        if isinstance(want, str) and isinstance(got, str):
            return self.text(want, got)
        if isinstance(want, dict) and isinstance(got, dict):
            return self.same_object(want, got, path)
        if isinstance(want, list) and isinstance(got, list):
            cut = self.part and path.endswith("Metadata")
            return ((cut or len(want) == len(got)) and
                    all(self.same(w, g, f"{path}/{i}") for i, (w, g) in enumerate(zip(want, got))))
        return type(want) in (int, float) and type(got) in (int, float) and want == got or want is got

    def same_object(self, want, got, path):
        if not set(want) <= set(got) or (not self.part and set(want) != set(got)):
            self.why = f"{path}: keys recorded {sorted(want)}, came {sorted(got)}"
            return False
        for k, w in want.items():
            if k in self.CHOSEN and isinstance(w, int) and w > 100000 and isinstance(got[k], int):
                self.ids[w] = got[k]
            elif k == "id" and isinstance(w, str) and w.startswith(PLACE):
                self.ids[w] = got[k]
            elif not self.same(w, got[k], f"{path}/{k}"):
                return False
        return True

    def live(self, text):
        """What was recorded, with the ids that stand here."""
        for old, new in self.ids.items():
            text = text.replace(str(old), str(new))
        return text


def parsed(response):
    if "body" in response:
        return response["body"]
    text = response.get("body_text")
    try:
        return json.loads(text) if text else None
    except ValueError:
        return text


def path_of(request):
    if "path" not in request:
        return re.sub(r"^https://[^/]+", "", request["uri"])
    params = request.get("params")
    return request["path"] + ("?" + urllib.parse.urlencode(params) if params else "")


# ---- states that recordings need ----

def sheet(title="Sheet1", rows=(), **more):
    return {"title": title, "sheetId": 0, "rows": list(rows), **more}


def book(number, sheets=None, title="Example Spreadsheet", **more):
    return {"id": f"{PLACE}{number:02d}", "title": title, "sheets": sheets or [sheet()],
            "shared": [{"email": USER, "role": "owner"}], **more}


def scenario(books):
    return {"google": {"spreadsheets": books},
            "tokens": [{"token": TOKEN, "service": "google", "user": USER,
                        "scopes": SCOPES.split()}]}


def load(t, books):
    t.control("load", scenario(books))


def replay(t, same, i):
    """Sends one recorded request; None, or what differs."""
    request = i["request"]
    body = request.get("body")
    text = json.dumps(body) if body is not None else request.get("body_text")
    if not isinstance(text, str):
        text = None
    a = t.send(request["method"], same.live(path_of(request)), same.live(text) if text else None,
               {"Content-Type": "application/json"} if text else None)
    if a.status != i["response"]["status"]:
        return f"status recorded {i['response']['status']}, came {a.status} {a.text[:300]}"
    want = parsed(i["response"])
    if want is None:
        return None if not a.text else f"an empty body was recorded, came {a.text[:200]}"
    return None if same.same(want, a.json) else same.why


def name_of(file, n, i):
    r = i["request"]
    path = re.sub(PLACE, "#", path_of(r))
    return f"{os.path.basename(file)[:-5]} {n}: {r['method']} {path[:90]}"


def read(name):
    with open(os.path.join(CONTRACTS, FOLDER, name), encoding="utf-8") as f:
        return json.load(f)["interactions"]


# ---- recordings that are a story of their own ----

TITLES = {"gspread_timezone_and_locale.json": "Test SpreadsheetTest test_timezone_and_locale"}
# Drive knows these files from the first call on; the others exist before.
MADE_BY_DRIVE = ("gspread_drive_copy.json", "gspread_drive_list_files.json",
                 "gspread_drive_modified_time.json", "gspread_error_403_private_spreadsheet.json")


def story(t, file):
    name = os.path.basename(file)
    books = [] if name in MADE_BY_DRIVE else [book(1, title=TITLES.get(name, "Example Spreadsheet"))]
    if name == "gspread_error_403_private_spreadsheet.json":
        books = [dict(book(2), shared=[])]
    if name == "gspread_hide_dimensions.json":
        books = [book(1, [sheet(rows=[["a", "b"], ["c"]])])]
    load(t, books)
    same = Same()
    for n, i in enumerate(read(name)):
        if "/comments" in path_of(i["request"]):
            cases.skip(name_of(file, n, i), "the twin has no comments")
            continue
        why = replay(t, same, i)
        cases.check(name_of(file, n, i), why is None, why)


# ---- single calls ----

PEOPLE = [["Name", "Age", "City"], ["John", 30, "New York"], ["Jane", 25, "Boston"]]
GUESTS = [["Name", "Age", "City"], ["Alice", 30, "New York"], ["Bob", 25, "San Francisco"]]
STAFF = [["Name", "Email", "Phone", "Department"],
         ["John Doe", "john@example.com", "+1234567890", "Sales"],
         ["Jane Smith", "jane@example.com", "+0987654321", "Marketing"]]


def students():
    rows = next(i for i in read("nango_sheets_and_drive.json") if "rows.test" in i["from"]["path"])
    return rows["response"]["body"]["values"]


def nango_books():
    other = [["Name", "Age", "City"], ["Alice", 25, "New York"], ["Bob", 30, "San Francisco"]]
    blocks = [[], [], [], [], [], ["", "", "", "a", "b", "c", "d"], ["", "", "", "e", "", "", "f"],
              ["", "", "", "g", "h", "i", "j"]]
    two = [sheet(sheetId=262206729), {"sheetId": 249668502, "title": "TestSheetToDelete"}]
    return [book(1, [sheet(rows=PEOPLE)]), book(2), book(3), book(4, [sheet(rows=other)]),
            book(5, [sheet("Class Data", students(), rowCount=101, columnCount=22, frozenRowCount=1)]),
            book(6), book(7),
            book(8, [{"sheetId": 983963153, "title": "Sheet to Copy 1"}]),
            book(9, [sheet(), {"sheetId": 7, "title": "Sheet2"}]),
            book(10), book(11, [{"sheetId": 687284948, "title": "Sheet1"}]),
            book(13, two, "Test Spreadsheet for Delete Worksheet Action - Save Mocks"),
            book(14, [sheet(rows=GUESTS, sheetId=1156681699)], "Test Data Filter Spreadsheet"),
            book(15, [sheet(rows=STAFF)]), book(16), book(17),
            book(18, [sheet("test", blocks)])]


NANGO_SKIP = {"update-conditional-format-rule": "the twin keeps colours as they were sent"}


def nango(t):
    name = "nango_sheets_and_drive.json"
    load(t, nango_books())
    for n, i in enumerate(read(name)):
        case = name_of(name, n, i)
        test = os.path.basename(i["from"]["path"])[:-len(".test.json")]
        same = Same(part=test in ("create-spreadsheet", "delete-worksheet",
                                  "get-spreadsheet-by-data-filter"))
        want = i["response"]["body"]
        if test in NANGO_SKIP:
            cases.skip(case, NANGO_SKIP[test])
            continue
        if "note" in i["response"]:
            want.pop("note", None)
        if test == "create-spreadsheet":
            want.pop("spreadsheetId")
            want.pop("spreadsheetUrl")
        if "changes" in path_of(i["request"]):
            changes(t, case, i)
            continue
        why = replay(t, same, i)
        cases.check(case, why is None, why)


def changes(t, case, i):
    """Page tokens count from some number: the shape is what can be compared."""
    start = t.send("GET", "/drive/v3/changes/startPageToken").json
    if "startPageToken" in i["response"]["body"]:
        cases.check(case, set(start) == set(i["response"]["body"]) and
                    start["startPageToken"].isdigit(), start)
        return
    a = t.send("GET", "/drive/v3/changes?includeRemoved=true&pageToken=" + start["startPageToken"])
    want = dict(i["response"]["body"], newStartPageToken=start["startPageToken"])
    cases.check(case, a.json == want, a.text)


def grafana(t):
    """Grid data with every kind of number format: what was recorded is put in, and read back."""
    name = "grafana_grid_data.json"
    for n, i in enumerate(read(name)):
        body = i["response"]["body"]
        page = body["sheets"][0]
        rows = [[cell_of(v) for v in r.get("values", [])] for r in page["data"][0]["rowData"]]
        grid = page["properties"]["gridProperties"]
        load(t, [dict(book(n + 1, [sheet(page["properties"]["title"], rows, **grid)]),
                      title=body["properties"]["title"], timeZone=body["properties"]["timeZone"])])
        a = t.send("GET", f"/v4/spreadsheets/{PLACE}{n + 1:02d}?includeGridData=true")
        same = Same(part=True)
        for r in page["data"][0]["rowData"]:
            for v in r.get("values", []):
                if "NOW()" in v.get("userEnteredValue", {}).get("formulaValue", ""):
                    v.pop("effectiveValue")
                    v.pop("formattedValue")
            while r.get("values") and not r["values"][-1]:
                r["values"].pop()  # had colours, which were left out of the recording
        sizes(page["data"][0])
        ok = a.status == 200 and same.same(body, a.json)
        cases.check(name_of(name, n, i), ok, same.why or a.text[:300])


def sizes(data):
    """Widths and heights are the account's own."""
    data.pop("rowMetadata", None)
    data.pop("columnMetadata", None)


def cell_of(v):
    entered = v.get("userEnteredValue", {})
    cell = {}
    if "formulaValue" in entered:
        cell["f"] = entered["formulaValue"]
    elif entered:
        cell["v"] = list(entered.values())[0]
    if "userEnteredFormat" in v:
        cell["format"] = v["userEnteredFormat"]["numberFormat"]
    return cell or None


# ---- errors ----

def errors(t):
    name = "gspread_history_errors.json"
    quota = [{"match": {"nth": 1}, "fault": {"kind": "rate429"}}]
    for n, i in enumerate(read(name)):
        case = name_of(name, n, i)
        want = parsed(i["response"])
        if "quota group" in json.dumps(want):
            cases.skip(case, "the form of this error before 2020")
            continue
        load(t, [book(k, [sheet(), {"sheetId": 5, "title": "D3"}]) for k in (1, 3, 4)])
        i["request"].pop("body_text" if i["response"]["status"] == 429 else "", None)
        if i["response"]["status"] == 429:
            t.control("faults", {"faults": quota})
        same = Same(part=i["response"]["status"] == 429)
        if i["response"]["status"] == 401:
            t.token = "ya29.expired"
        why = replay(t, same, i)
        t.token = TOKEN
        cases.check(case, why is None, why)
    gargle(t, quota)


def gargle(t, quota):
    name = "gargle_errors.json"
    skip = {"automated-queries": "Drive's answer to robots",
            "fitness": "another service", "api-key-not-enabled": "a project's setting",
            "service-disabled": "a project's setting", "tokeninfo": "the token servers' test has it"}
    for n, i in enumerate(read(name)):
        case = name_of(name, n, i)
        why = next((v for k, v in skip.items() if k in i["from"]["path"]), None)
        if why:
            cases.skip(case, why)
            continue
        load(t, [book(1)])
        if i["response"]["status"] == 429:
            t.control("faults", {"faults": quota})
        want = parsed(i["response"])
        for d in want["error"].get("details", []):
            if d["@type"].endswith("Help"):
                want["error"]["details"].remove(d)
        i["response"]["body"] = want
        why = replay(t, Same(part=True), i)
        cases.check(case, why is None, why)


if have_contracts(FOLDER, cases):
    with Twin(scenario([])) as twin:
        twin.token = TOKEN
        for path in sorted(glob.glob(os.path.join(CONTRACTS, FOLDER, "gspread_*.json"))):
            if "history_errors" not in path:
                story(twin, path)
        nango(twin)
        grafana(twin)
        errors(twin)
rules_google.run(cases)
cases.end()
