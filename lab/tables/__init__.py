"""The paper's tables at toy size. Start with `tables_page.py`: `python -m anycost.lab.tables.tables_page`
writes docs/tables.md."""
