"""Files as they come: encodings, delimiters, broken quotes, headers, workbooks, JSON."""

from __future__ import annotations

import io
import json
import zipfile

import pytest
import xlsxwriter

from roadbed.core.tables.reading import UnreadableFileError, open_table, probe
from roadbed.core.tables.reading.sheets import CELL_LIMIT


@pytest.fixture
def table(tmp_path):
    def read(content, name="file.csv", **asked):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return open_table(path, probe(path, name, asked=asked))

    return read


def cells(found):
    return [list(row.cells) for row in found.rows() if not row.problem]


def problems(found):
    return [row.problem for row in found.rows() if row.problem]


class TestEncodings:
    TEXT = "Name;Text\nZoë;Größe fällt klein aus – “schade”\n"

    @pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252"])
    def test_the_encoding_is_found(self, table, encoding):
        assert cells(table(self.TEXT.encode(encoding))) == [["Zoë", "Größe fällt klein aus – “schade”"]]

    def test_cyrillic_and_japanese_are_found(self, table):
        russian = "имя,текст\nИван,Не могу войти в учётную запись после обновления программы\n" * 20
        assert cells(table(russian.encode("cp1251")))[0][0] == "Иван"
        japanese = "名前,内容\n花子,アップデート後にログインできなくなりました。どうすればよいですか\n" * 20
        assert cells(table(japanese.encode("shift_jis")))[0][0] == "花子"

    def test_what_is_asked_for_is_not_guessed(self, table):
        assert cells(table("a,b\nx,é\n".encode("cp850"), encoding="cp850")) == [["x", "é"]]

    def test_an_unknown_encoding_is_refused(self, table):
        with pytest.raises(UnreadableFileError, match="no encoding named"):
            table("a,b\n1,2\n", encoding="klingon")

    def test_a_row_with_faulty_bytes_costs_itself_alone(self, table):
        lines = ["Name,Text", *[f"Zoë {n},größer" for n in range(30)]]
        data = "\n".join(lines).encode().replace("Zoë 7,".encode(), b"Zo\xff 7,")
        found = table(data)
        assert len(cells(found)) == 29
        assert problems(found) == ["Line 9 holds bytes that are not valid utf-8."]


class TestDelimiters:
    @pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
    def test_the_delimiter_is_found(self, table, delimiter):
        text = "\n".join(
            delimiter.join(row) for row in (("Name", "Text"), ("Mira", "It works"), ("Jon", "Fine"))
        )
        assert table(text).columns == ("Name", "Text")

    def test_one_column_is_a_table_too(self, table):
        assert cells(table("Text\nIt is slow\nIt is loud\n")) == [["It is slow"], ["It is loud"]]


class TestBrokenQuotes:
    def test_a_record_over_several_lines_is_one(self, table):
        assert cells(table('id,text\n1,"two\nlines, ""quoted"""\n2,b\n')) == [
            ["1", 'two\nlines, "quoted"'],
            ["2", "b"],
        ]

    def test_a_mark_that_never_closes_costs_one_line(self, table):
        found = table('id,text\n1,fine\n2,"never closed\n3,fine\n4,"quoted, fine"\n5,fine\n')
        assert [row[0] for row in cells(found)] == ["1", "3", "4", "5"]
        assert problems(found) == [
            "Line 3: broken quotation marks. A mark within a quoted field is written twice."
        ]

    def test_a_mark_that_never_closes_to_the_end_costs_one_line(self, table):
        found = table('id,text\n1,fine\n2,"never closed\n' + "".join(f"{n},fine\n" for n in range(3, 400)))
        assert len(cells(found)) == 398
        assert problems(found) == ["Line 3: a quotation mark opens here that never closes."]

    def test_every_broken_line_is_named_and_nothing_else_lost(self, table):
        rows = [f'{n},"said ""{n}"" well"' if n % 10 else f'{n},"said "{n}" badly"' for n in range(1, 3001)]
        found = table("id,text\n" + "\n".join(rows))
        assert [int(row[0]) for row in cells(found)] == [n for n in range(1, 3001) if n % 10]
        assert len(problems(found)) == 300

    def test_a_field_of_ten_thousand_characters_is_kept_and_nulls_are_not(self, table):
        assert cells(table("id,text\n1," + "x" * 10_000 + "\x00\n"))[0][1] == "x" * 10_000

    def test_too_few_columns_are_named(self, table):
        assert problems(table("a,b,c\n1,2,3\n1,2\n")) == ["Line 3 has 2 columns, the header has 3."]


class TestHeaders:
    def test_names_that_come_twice_or_are_empty_are_told_apart(self, table):
        assert table("Name,,Name\na,b,c\n").columns == ("Name", "Column 2", "Name (2)")

    def test_lines_above_the_table_are_passed_over(self, table):
        found = table("Report of the year,,\n,,\nName,Text,Date\nMira,Fine,2025-01-01\nJon,Slow,2025-01-02\n")
        assert found.columns == ("Name", "Text", "Date")
        assert len(cells(found)) == 2

    def test_a_file_without_a_header_keeps_its_first_row(self, table):
        found = table("mira@acme.example,2025-01-01,fine\njon@acme.example,2025-01-02,slow\n")
        assert found.columns == ("Column 1", "Column 2", "Column 3")
        assert len(cells(found)) == 2

    def test_an_empty_file_says_so(self, table):
        with pytest.raises(UnreadableFileError, match="empty"):
            table("")


def workbook(write, **options):
    stream = io.BytesIO()
    book = xlsxwriter.Workbook(stream, options)
    write(book)
    book.close()
    return stream.getvalue()


class TestWorkbooks:
    def test_types_dates_and_the_chosen_sheet(self, table):
        def write(book):
            first, second = book.add_worksheet("Notes"), book.add_worksheet("Open")
            first.write_row(0, 0, ["A", "B"])
            second.write_row(1, 1, ["Id", "Text", "Done"])
            second.write_row(2, 1, [1482587, "fine", True])

        found = table(workbook(write), "file.xlsx", sheet="Open")
        assert found.columns == ("Column 1", "Id", "Text", "Done")
        assert cells(found) == [["", 1482587, "fine", True]]

    def test_a_formula_gives_its_saved_value_and_says_where_there_is_none(self, table):
        def write(book):
            sheet = book.add_worksheet()
            sheet.write_row(0, 0, ["Id", "Text"])
            sheet.write(1, 0, 1)
            sheet.write_formula(1, 1, '="a"&"b"', None, "ab")
            sheet.write(2, 0, 2)
            sheet.write_formula(2, 1, "=A1&B1", None, "")
            sheet.write(3, 0, 3)
            sheet.write_formula(3, 1, "=NA()", None, "#N/A")
            sheet.write_row(4, 0, [4, "fine"])

        found = table(workbook(write), "file.xlsx")
        assert cells(found) == [[1, "ab"], [4, "fine"]]
        assert problems(found) == [
            "Row 3: B3 holds a formula whose value was not saved.",
            "Row 4: B4 holds a formula that ended in an error.",
        ]

    def test_a_bomb_is_refused_before_it_is_opened(self, table):
        stream = io.BytesIO()
        with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("xl/workbook.xml", "<workbook/>")
            archive.writestr("xl/worksheets/sheet1.xml", b"0" * 60_000_000)
        with pytest.raises(UnreadableFileError, match="unpacks from"):
            table(stream.getvalue(), "file.xlsx")

    def test_two_cells_at_the_far_ends_are_refused(self, table):
        def write(book):
            sheet = book.add_worksheet()
            sheet.write(0, 0, "Text")
            sheet.write(1_048_575, 16_383, "far")

        with pytest.raises(UnreadableFileError, match=f"{CELL_LIMIT:,} are the most"):
            table(workbook(write), "file.xlsx")

    def test_empty_formatted_cells_far_away_do_no_harm(self, table):
        def write(book):
            sheet = book.add_worksheet()
            sheet.write_row(0, 0, ["Id", "Text"])
            sheet.write_row(1, 0, [1, "fine"])
            sheet.write_blank(1_000_000, 10_000, None, book.add_format({"bold": True}))

        assert cells(table(workbook(write), "file.xlsx")) == [[1, "fine"]]

    def test_what_is_no_workbook_is_refused(self, table):
        with pytest.raises(UnreadableFileError, match="no workbook"):
            table("a,b", "file.xlsx")
        with pytest.raises(UnreadableFileError, match="damaged"):
            table(b"PK\x03\x04" + b"0" * 100, "file.xlsx")


class TestJson:
    def test_a_list_bare_or_under_a_name(self, table):
        items = [{"id": 1, "author": {"name": "Mira"}}, {"id": 2, "text": "x" * 300_000}]
        bare = table(json.dumps(items), "file.json")
        assert bare.columns == ("id", "author.name", "text")
        named = table(json.dumps({"count": 2, "meta": {"a": []}, "items": items}), "file.json")
        assert cells(bare) == cells(named) == [[1, "Mira", None], [2, None, "x" * 300_000]]

    def test_what_breaks_off_keeps_what_was_read(self, table):
        found = table('[{"id": 1}, {"id": 2}, {"id": ', "file.json")
        assert cells(found) == [[1], [2]]
        assert "Item 3 and what follows" in problems(found)[0]

    def test_a_broken_line_costs_itself_alone(self, table):
        found = table('{"id": 1}\n{"id": \n[3]\n{"id": 4}\n', "file.ndjson")
        assert cells(found) == [[1], [4]]
        assert problems(found) == ["Line 2 is not valid JSON.", "Line 3 is not an object."]
