#!/usr/bin/env python3
"""What a dry run shows is what a run does, and it leaves nothing behind."""
import json

from harness import field, main, record
from test_both_ways import AMOUNT, delete_record, delete_row, edit, twelve
from test_to_sheets import ID, NAME, PEOPLE, names
from test_values import begin, noted, people_table, put

KEPT = ("SyncLog", "UsageMonth", "RateBucket")  # the run itself, and what its calls cost


def plan_of(h, *args, expect=0):
    return json.loads(h.sync("--dry-run", "--json", *args, expect=expect).stdout)["results"][0]["plan"]


def ops(plan, action):
    return [o for o in plan["operations"] if o["action"] == action]


def database(h):
    tables = [n for (n,) in h.sql("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY 1")
              if not n.startswith("sqlite")]
    return {n: sorted(map(repr, h.sql(f'SELECT * FROM "{n}"'))) for n in tables if n not in KEPT}


def sheet_writes(t):
    """Cells written as {(row, header): new text}, and requests of other kinds by their name."""
    heads = t.rows("Deals")[0]
    cells, kinds = {}, []
    for w in t.writes():
        for c in w["detail"].get("changes", []) if w["service"] == "sheets" else []:
            if "cell" not in c:
                kinds.append(c["op"])
                continue
            a1 = c["cell"].split("!")[1]
            letter = a1.rstrip("0123456789")
            cells[(int(a1[len(letter):]), heads[ord(letter) - 65])] = "" if c["new"] is None else str(c["new"])
    return cells, kinds


def airtable_writes(t, table):
    """{(what, record): {field: new}} of one table."""
    ids = {x["id"] for x in t.state()["airtable"]["bases"][0]["tables"] if x["name"] == table}
    return {(w["what"], w["detail"]["record"]): {k: v["new"] for k, v in w["detail"].get("cells", {}).items()}
            for w in t.writes() if w["service"] == "airtable" and w["detail"]["table"] in ids}


def test_the_plan_as_json_is_cell_by_cell_what_the_run_writes():
    t, h = twelve(delete_extra_rows="yes", delete_extra_records="yes", max_delete="5", conflicts="sheets_wins")
    with t, h:
        put(t, "deal 0001", "Amount", 11)
        put(t, "deal 0002", "Amount", 22)
        edit(t, "deal 0002", Amount=222)
        edit(t, "deal 0003", Amount=33)
        edit(t, "deal 0004", Amount=None)
        delete_row(t, "deal 0005")
        delete_record(t, "deal 0006")
        t.person(sheets=[{"op": "append_row", "sheet": "Deals", "values": {"Name": "n1", "Amount": 7}}],
                 airtable=[{"op": "create", "table": "Deals", "fields": {"Name": "n2", "Amount": 8}}])
        plan = plan_of(h)
        t.reset()
        h.sync()
        cells, kinds = sheet_writes(t)
        done = airtable_writes(t, "Deals")
        # rows that are there already: each cell, and nothing but these
        planned = {(o["rowNumber"], c["field"]): c["new"] for o in ops(plan, "row_update") for c in o["cells"]}
        assert {k: v for k, v in cells.items() if k in planned} == planned, (cells, planned)
        new_ids = {(o["rowNumber"], ID) for o in ops(plan, "row_set_id")}
        assert new_ids and new_ids <= set(cells), (new_ids, cells)
        rest = {k: v for k, v in cells.items() if k not in planned and k not in new_ids}
        assert len({row for row, _ in rest}) == len(ops(plan, "row_create")) == 1, rest
        created = {c["field"]: c["new"] for c in ops(plan, "row_create")[0]["cells"]}
        assert {k[1]: v for k, v in rest.items() if k[1] != ID} == created, (rest, created)
        assert kinds.count("deleteDimension") == len(ops(plan, "row_delete")) == 1
        # Airtable
        assert {k[1]: v for k, v in done.items() if k[0] == "update"} == {
            o["recordId"]: {c["field"]: int(c["new"]) for c in o["cells"]} for o in ops(plan, "record_update")}
        assert [{k: str(x) for k, x in v.items()} for k, v in done.items() if k[0] == "create"] == [
            {c["field"]: c["new"] for c in o["cells"]} for o in ops(plan, "record_create")]
        assert [k[1] for k in done if k[0] == "delete"] == [o["recordId"] for o in ops(plan, "record_delete")]
        assert [c["loser"] for o in ops(plan, "record_update") for c in o["cells"] if "loser" in c] == ["222"]
        h.quiet()


def test_headers_formats_ids_and_linked_records_are_in_the_plan():
    t, h = begin([NAME, AMOUNT, field("Stage", "singleSelect", choices=["x"]),
                  field("Who", "multipleRecordLinks", linkedTableId="People")],
                 [record(Name="there", Amount=1)], rows=[["Name", "Who"], ["here", "New One, Kit"]],
                 tables=[people_table()], people=PEOPLE, home={"create_missing_linked_records": "yes"})
    with t, h:
        text = h.sync("--dry-run").stdout
        for word in ("write header", "format column", "drop-down", "write id", "linked record", "New One"):
            assert word in text, (word, text)
        plan = plan_of(h)
        t.reset()
        h.sync()
        cells, kinds = sheet_writes(t)
        heads = {o["new"] for o in ops(plan, "header")}
        assert {v for (row, _), v in cells.items() if row == 1} == heads == {"Amount", "Stage", ID}
        formats = ops(plan, "column_format")
        assert len([o for o in formats if o["new"] != "check boxes"]) == kinds.count("repeatCell"), (formats, kinds)
        assert len([o for o in formats if "drop-down" in o["new"]]) == kinds.count("setDataValidation")
        assert [(o["table"], o["new"]) for o in ops(plan, "linked_record_create")] == [("People", "New One")]
        assert [list(v.values()) for k, v in airtable_writes(t, "People").items() if k[0] == "create"] == [["New One"]]
        assert {(o["rowNumber"], ID) for o in ops(plan, "row_set_id")} <= set(cells)
        assert ops(plan_of(h), "header") == []
        h.quiet()


def left_behind(t, h, *args, expect=0):
    state, before = t.state(), database(h)
    logs = len(h.sql('SELECT id FROM "SyncLog"'))
    t.reset()
    h.sync("--dry-run", *args, expect=expect)
    plan_of(h, *args, expect=expect)
    assert t.writes() == []
    now, after = t.state(), database(h)
    assert now["airtable"] == state["airtable"] and now["google"] == state["google"]
    for name, rows in before.items():
        assert rows == after[name], (name, set(rows) ^ set(after[name]))
    assert len(h.sql('SELECT id FROM "SyncLog"')) == logs + 2


def test_a_dry_run_before_the_first_run_leaves_nothing_behind():
    t, h = begin([NAME], names(3), rows=[["Name"], ["here"]])
    with t, h:
        h.sync("--dry-run")  # makes the key of the hashes
        left_behind(t, h)


def test_a_dry_run_that_a_guard_or_a_bad_value_stops_leaves_nothing_behind():
    t, h = twelve(delete_extra_records="yes", max_delete="1", validation="strict")
    with t, h:
        put(t, "deal 0001", "Amount", "many")
        left_behind(t, h, expect=4)
        put(t, "deal 0001", "Amount", 1)
        delete_row(t, "deal 0005", 3)
        left_behind(t, h, expect=4)
        noted(h, "max_delete")


def test_a_dry_run_over_held_conflicts_leaves_nothing_behind():
    t, h = twelve(conflicts="hold")
    with t, h:
        put(t, "deal 0001", "Amount", 11)
        edit(t, "deal 0001", Amount=111)
        left_behind(t, h, expect=4)
        h.sync(expect=4)
        put(t, "deal 0002", "Amount", 22)
        left_behind(t, h, expect=4)


def test_a_dry_run_after_the_tab_was_renamed_or_a_field_leaves_nothing_behind():
    t, h = twelve()
    with t, h:
        t.person(sheets=[{"op": "rename_tab", "sheet": "Deals", "name": "Other"}],
                 airtable=[{"op": "rename_field", "table": "Deals", "field": "Amount", "name": "Sum"},
                           {"op": "add_field", "table": "Deals", "field": field("Added")}])
        left_behind(t, h)


if __name__ == "__main__":
    main(globals())
