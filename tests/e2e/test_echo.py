#!/usr/bin/env python3
"""The change feed tells of our own writes, too: a record that holds what the feed says it holds needs no look,
and whatever anybody else has done to it is seen all the same."""
from harness import field, main, record
from test_feed import NAME, World, calls, edit, put
from test_to_sheets import PEOPLE
import test_values as v

FAST = {"airtable": "requests_per_second = 50"}


def quiet_cost(home, *what):
    a, s, kinds = calls(home)
    assert (a, s) == (1, 1), (what, kinds)


def test_the_run_after_one_that_wrote_to_airtable_costs_what_a_quiet_one_does():
    with World(30) as w:
        put(w, "deal 0003", "Amount", 33)
        put(w, "deal 0004", "Note", None)
        w.home.sync()
        quiet_cost(w.home, "update")
        w.twin.person(sheets=[{"op": "append_row", "values": {"Name": f"new {i}", "Amount": i}}
                              for i in range(12)])
        w.home.sync()
        quiet_cost(w.home, "create")
        w.agree()
        w.home.quiet()


def test_values_of_every_writable_type_are_known_again():
    for n, x in enumerate(v.WRITABLE):
        t, h = v.begin([NAME, field(v.title(n), x[0], **x[1])], [], tables=[v.people_table()],
                       people=PEOPLE, time_zone="Europe/Berlin", rows=[["Name", v.title(n)], ["one"]])
        with t, h:
            h.airtable = FAST["airtable"]
            h.write_ini()
            for at in (2, 4, None):
                if at is None:
                    v.clear(t, "one", v.title(n))
                else:
                    v.put(t, "one", v.title(n), **x[at])
                h.sync()
                quiet_cost(h, v.title(n), at)
            h.quiet()


def test_what_a_person_changes_beside_our_write_is_seen():
    with World(30) as w:
        put(w, "deal 0003", "Amount", 33)
        w.home.sync()
        edit(w, "deal 0003", Note="another field")
        w.home.sync()
        w.agree()
        put(w, "deal 0004", "Amount", 44)
        w.home.sync()
        edit(w, "deal 0004", Amount=45)
        w.home.sync()
        w.agree()
        assert [r["Amount"] for r in w.twin.table("Deals") if r["Name"] == "deal 0004"] == [45]
        put(w, "deal 0005", "Amount", 55)
        w.home.sync()
        edit(w, "deal 0005", Amount=None)  # emptied
        w.home.sync()
        w.agree()
        w.twin.person(sheets=[{"op": "append_row", "values": {"Name": "new", "Amount": 5}}])
        w.home.sync()
        edit(w, "new", Note="after its creation")
        w.home.sync()
        w.agree()
        put(w, "deal 0006", "Amount", 66)
        w.home.sync()
        w.twin.person(airtable=[{"op": "delete", "table": "Deals", "record": "deal 0006"}])
        w.home.sync()
        assert w.home.last_log()["warnings"] or w.home.last_log()["rowsDeleted"]


def test_another_program_that_writes_as_we_do_is_no_echo():
    with World(30) as w:
        put(w, "deal 0003", "Amount", 33)
        w.home.sync()
        w.twin.person(airtable=[{"op": "update", "table": "Deals", "record": f"deal 000{i}",
                                 "fields": {"Amount": 330 + i}, "source": "publicApi"} for i in (3, 4)])
        w.home.sync()
        w.agree()
        assert sorted(r["Amount"] for r in w.twin.table("Deals"))[-2:] == [333, 334]


def test_an_edit_that_is_taken_back_costs_nothing_and_one_of_two_is_seen():
    with World(30) as w:
        edit(w, "deal 0003", Amount=99)
        edit(w, "deal 0003", Amount=3)
        quiet_cost(w.home)
        edit(w, "deal 0003", Amount=99, Note="x")
        edit(w, "deal 0003", Amount=3)
        w.home.sync()
        w.agree()
        assert [r["Note"] for r in w.twin.table("Deals") if r["Name"] == "deal 0003"] == ["x"]


def test_a_record_that_waits_for_something_is_looked_at_in_each_run_as_before():
    with World(30, {"conflicts": "hold"}) as w:
        edit(w, "deal 0003", Amount=1000)
        put(w, "deal 0003", "Amount", 2000)
        w.home.sync(expect=4)
        edit(w, "deal 0003", Note="meanwhile")
        w.home.sync(expect=4)
        assert [r["Note"] for r in w.twin.table("Deals") if r["Name"] == "deal 0003"] == ["meanwhile"]
        edit(w, "deal 0003", Amount=2000)
        w.home.sync()
        w.agree()


def test_a_field_that_does_not_take_part_costs_nothing_unless_a_computed_one_may_follow_it():
    fields = [NAME, field("Amount", "number", precision=0), field("Note"),
              field("Mine", "number", precision=0)]
    twice = field("Twice", "formula", formula="{Mine} * 2",
                  result={"type": "number", "options": {"precision": 0}})
    with World(10, {"field": "Name"}, fields=fields) as w:
        edit(w, "deal 0003", Mine=5)
        quiet_cost(w.home)
    with World(10, {"field": "Name\nfield = Twice"}, fields=[*fields, twice]) as w:
        edit(w, "deal 0003", Mine=5)
        w.home.sync()
        assert [r["Twice"] for r in w.twin.table("Deals") if r["Name"] == "deal 0003"] == [10]
        # that the formula has another result now is not told, the edit beside it is
        w.twin.person(airtable=[{"op": "update", "table": "Deals", "record": "deal 0004",
                                 "fields": {"Twice": 777}, "unseen": True}])
        quiet_cost(w.home)
        edit(w, "deal 0004", Mine=1)
        w.home.sync()
        assert [r["Twice"] for r in w.twin.table("Deals") if r["Name"] == "deal 0004"] == [777]


def test_computed_fields_that_follow_our_write_or_anothers_are_seen():
    people = {"name": "People", "fields": [NAME, field("Age", "number", precision=0)],
              "records": [record(Name="Kit", Age=30), record(Name="Ann", Age=40)]}
    fields = [NAME, field("Amount", "number", precision=0), field("Note"),
              field("Twice", "formula", formula="{Amount} * 2",
                    result={"type": "number", "options": {"precision": 0}}),
              field("Who", "multipleRecordLinks", linkedTableId="People"),
              field("Ages", "multipleLookupValues", recordLinkFieldId="Who", fieldIdInLinkedTable="Age",
                    result={"type": "number", "options": {"precision": 0}})]
    with World(10, fields=fields, tables=[people]) as w:
        def row():
            return [r for r in w.twin.table("Deals") if r["Name"] == "deal 0003"][0]
        put(w, "deal 0003", "Amount", 33)
        w.home.sync()
        w.home.sync()
        assert row()["Twice"] == 66
        quiet_cost(w.home)
        put(w, "deal 0003", "Who", "Kit")
        w.home.sync()
        w.home.sync()
        assert str(row()["Ages"]) == "30", row()
        quiet_cost(w.home)
        w.twin.person(airtable=[{"op": "update", "table": "People", "record": "Kit", "fields": {"Age": 31}}])
        w.home.sync()
        assert str(row()["Ages"]) == "31", row()
        edit(w, "deal 0003", Amount=34)
        w.home.sync()
        assert row()["Twice"] == 68 and row()["Amount"] == 34
        w.home.quiet()
        quiet_cost(w.home)


if __name__ == "__main__":
    main(globals())
