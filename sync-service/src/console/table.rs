//! A CSV table of the mapping as rows of cells, and back.

/// The columns of a table, in the order in which they are written; none for files that are no tables.
pub(crate) fn columns(file: &str) -> Option<&'static [&'static str]> {
    Some(match file {
        "projects.csv" => &["project_number", "customer", "job"],
        "coding.csv" => &[
            "project_number",
            "vendor",
            "budget_code",
            "cost_code",
            "cost_type",
            "customer",
            "class",
            "item",
            "account",
            "retainage_item",
        ],
        "vendors.csv" => &["procore_vendor", "quickbooks_vendor"],
        "direct_costs.csv" => &["project_number", "item", "account", "class", "budget_code"],
        "terms.csv" => &["procore_terms", "quickbooks_terms"],
        "accounts.csv" => &["role", "account", "item"],
        _ => return None,
    })
}

/// The rows of a table under [`columns`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Grid {
    columns: &'static [&'static str],
    pub(crate) rows: Vec<Vec<String>>,
}

impl Grid {
    /// Reads a table for editing. What is wrong with it is said by the mapping, not here: cells outside the known columns
    /// are left out.
    pub(crate) fn read(file: &str, bytes: &[u8]) -> Self {
        let columns = columns(file).unwrap_or_default();
        let text = String::from_utf8_lossy(bytes);
        let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
        let head = text.lines().next().unwrap_or_default();
        let count = |c: char| head.matches(c).count();
        let delimiter = if count(';') > count(',') {
            b';'
        } else if count('\t') > count(',') {
            b'\t'
        } else {
            b','
        };
        let mut reader = csv::ReaderBuilder::new()
            .has_headers(true)
            .flexible(true)
            .delimiter(delimiter)
            .trim(csv::Trim::All)
            .from_reader(text.as_bytes());
        let header = reader.headers().cloned().unwrap_or_default();
        let place = |name: &str| header.iter().position(|known| known.eq_ignore_ascii_case(name));
        let places: Vec<Option<usize>> = columns.iter().map(|name| place(name)).collect();
        let cell = |record: &csv::StringRecord, at: Option<usize>| {
            at.and_then(|at| record.get(at)).unwrap_or_default().to_owned()
        };
        let rows = reader
            .records()
            .filter_map(Result::ok)
            .filter(|record| !record.iter().all(str::is_empty))
            .map(|record| places.iter().map(|at| cell(&record, *at)).collect())
            .collect();
        Self { columns, rows }
    }

    /// A row for a code that has none yet, written as the rows beside it are.
    pub(crate) fn add(&mut self, code: &str) {
        let of = |name: &str| self.columns.iter().position(|known| *known == name);
        let filled = |at: Option<usize>| {
            self.rows.iter().filter(|row| at.and_then(|at| row.get(at)).is_some_and(|cell| !cell.is_empty())).count()
        };
        let (budget, cost) = (of("budget_code"), of("cost_code"));
        let at = if filled(cost) > filled(budget) { cost } else { budget };
        let mut row = vec![String::new(); self.columns.len()];
        if let Some(cell) = at.and_then(|at| row.get_mut(at)) {
            code.clone_into(cell);
        }
        self.rows.push(row);
    }

    /// Takes cells that were typed: those of the rows from `first` to `last` are replaced, new rows come after them.
    /// Rows that are empty then are left out.
    pub(crate) fn take(&mut self, first: usize, last: usize, cells: &[(usize, usize, &str)]) {
        let last = last.min(self.rows.len());
        for row in self.rows.iter_mut().take(last).skip(first) {
            row.iter_mut().for_each(String::clear);
        }
        for (at, column, value) in cells {
            if *column >= self.columns.len() || *at < first || *at > self.rows.len() + 1000 {
                continue;
            }
            while self.rows.len() <= *at {
                self.rows.push(vec![String::new(); self.columns.len()]);
            }
            if let Some(cell) = self.rows.get_mut(*at).and_then(|row| row.get_mut(*column)) {
                // A cell is one line.
                *cell = value.trim().replace(['\r', '\n'], " ");
            }
        }
        self.rows.retain(|row| row.iter().any(|cell| !cell.is_empty()));
    }

    /// A download that comes back: the quotes that kept its cells from running are taken off again.
    pub(crate) fn returned(mut self) -> Self {
        for cell in self.rows.iter_mut().flatten() {
            if let Some(bare) = cell.strip_prefix('\'')
                && crate::report::harmless(bare) != bare
            {
                *cell = bare.to_owned();
            }
        }
        self
    }

    /// The table as a file.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        self.write(str::to_owned)
    }

    /// The same for a spreadsheet, in which no cell may run as a formula.
    pub(crate) fn harmless(&self) -> Vec<u8> {
        self.write(crate::report::harmless)
    }

    fn write(&self, cell: impl Fn(&str) -> String) -> Vec<u8> {
        let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::new());
        // Writing to memory fails on nothing but rows of unequal length, and all are as long as the header.
        let _ = writer.write_record(self.columns);
        for row in &self.rows {
            let _ = writer.write_record(row.iter().map(|text| cell(text)));
        }
        writer.into_inner().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_comes_back_as_it_was_whatever_the_order_of_its_columns() {
        let grid = Grid::read(
            "projects.csv",
            "\u{feff}job;project_number;customer\r\nTower;2026-1;\"A; B\"\r\n;;\r\n".as_bytes(),
        );
        assert_eq!(grid.rows, [["2026-1", "A; B", "Tower"]]);
        assert_eq!(Grid::read("projects.csv", &grid.bytes()), grid);
    }

    #[test]
    fn what_is_typed_replaces_its_page_only_and_empty_rows_go() {
        let mut grid =
            Grid::read("terms.csv", b"procore_terms,quickbooks_terms\nNet 30,Net 30\nNet 10,Net 10\nNet 60,Net 60\n");
        grid.take(1, 2, &[(1, 0, "Net 15"), (1, 1, " Net\n15 "), (1, 7, "outside"), (0, 0, "another page")]);
        assert_eq!(grid.rows, [["Net 30", "Net 30"], ["Net 15", "Net 15"], ["Net 60", "Net 60"]]);
        grid.take(0, 3, &[(0, 0, ""), (1, 0, "Net 15"), (1, 1, "Net 15"), (4, 0, "new"), (4, 1, "Net 5")]);
        assert_eq!(grid.rows, [["Net 15", "Net 15"], ["new", "Net 5"]]);
    }

    #[test]
    fn a_download_holds_no_formula_and_a_saved_file_holds_what_was_typed() {
        let mut grid = Grid::read("vendors.csv", b"procore_vendor,quickbooks_vendor\n");
        grid.take(0, 0, &[(0, 0, "=HYPERLINK(\"http://x\")"), (0, 1, "@cmd")]);
        let shown = String::from_utf8(grid.harmless()).unwrap();
        assert_eq!(Grid::read("vendors.csv", &grid.harmless()).returned(), grid);
        assert!(shown.contains("'=HYPERLINK") && shown.contains("'@cmd"), "{shown}");
        assert!(String::from_utf8(grid.bytes()).unwrap().contains("@cmd"), "vendors may be called so");
    }
}
