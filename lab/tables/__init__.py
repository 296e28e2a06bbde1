"""The paper's tables at toy size; `python -m anycost.lab.tables.tables_page` writes docs/tables.md."""
