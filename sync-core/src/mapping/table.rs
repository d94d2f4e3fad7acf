//! CSV as Excel writes it: byte order mark, CRLF, quotes, semicolons or tabs, trailing empty columns. Leading zeros
//! stay, since every cell is text.

use super::fault::Collector;

/// A table: known columns in a fixed order, whatever the order in the file.
#[derive(Debug)]
pub(super) struct Table {
    pub(super) rows: Vec<Row>,
}

/// A row, with the line it stands on.
#[derive(Clone, Debug)]
pub(super) struct Row {
    pub(super) line: usize,
    cells: Vec<String>,
}

impl Row {
    /// The cell of a column, trimmed; empty where the row is short.
    pub(super) fn cell(&self, column: usize) -> &str {
        self.cells.get(column).map_or("", String::as_str)
    }
}

/// Reads a table; `columns` are all that may occur, the first `required` of which must.
pub(super) fn read(bytes: &[u8], columns: &[&str], required: &[&str], out: &mut Collector<'_>) -> Table {
    let empty = Table { rows: Vec::new() };
    let Ok(text) = std::str::from_utf8(bytes) else {
        out.add(0, 0, "the file is not UTF-8", "save it from Excel as `CSV UTF-8`");
        return empty;
    };
    // The reader counts a line before the second half of CRLF; line numbers must be those of an editor.
    let text = text.strip_prefix('\u{feff}').unwrap_or(text).replace("\r\n", "\n");
    let text = text.as_str();
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(delimiter(text))
        .trim(csv::Trim::All)
        .from_reader(text.as_bytes());
    let mut records = reader.records();
    let header = match records.next() {
        Some(Ok(header)) => header,
        Some(Err(error)) => {
            out.add(1, 0, format!("the header cannot be read: {error}"), "check the quotes in the line");
            return empty;
        }
        None => return empty,
    };
    let places = place_columns(&header, columns, required, out);
    let mut rows = Vec::new();
    for record in records {
        match record {
            Ok(record) => {
                if record.iter().all(str::is_empty) {
                    continue;
                }
                let line = record.position().map_or(0, |p| usize::try_from(p.line()).unwrap_or(0));
                if let Some(extra) = record.iter().enumerate().skip(header.len()).find(|(_, cell)| !cell.is_empty()) {
                    out.add(
                        line,
                        extra.0 + 1,
                        format!("`{}` stands outside the columns", extra.1),
                        "remove it, or quote a cell that contains the separator",
                    );
                }
                let cells = places
                    .iter()
                    .map(|place| place.and_then(|p| record.get(p)).unwrap_or_default().to_owned())
                    .collect();
                rows.push(Row { line, cells });
            }
            Err(error) => {
                let line = error.position().map_or(0, |p| usize::try_from(p.line()).unwrap_or(0));
                out.add(line, 0, format!("the line cannot be read: {error}"), "check the quotes in the line");
            }
        }
    }
    Table { rows }
}

/// Excel separates with the list separator of its country.
fn delimiter(text: &str) -> u8 {
    let header = text.lines().next().unwrap_or_default();
    let count = |c: char| header.matches(c).count();
    if count(';') > count(',') {
        b';'
    } else if count('\t') > count(',') {
        b'\t'
    } else {
        b','
    }
}

fn place_columns(
    header: &csv::StringRecord,
    columns: &[&str],
    required: &[&str],
    out: &mut Collector<'_>,
) -> Vec<Option<usize>> {
    let mut places = vec![None; columns.len()];
    for (place, name) in header.iter().enumerate() {
        if name.is_empty() {
            continue;
        }
        let name = name.to_lowercase();
        match columns.iter().position(|column| *column == name) {
            Some(column) => match places.get_mut(column) {
                Some(slot @ None) => *slot = Some(place),
                _ => out.add(1, place + 1, format!("the column `{name}` occurs twice"), "remove one of them"),
            },
            None => {
                let near = super::fault::nearest(&name, columns.iter().copied());
                out.add(
                    1,
                    place + 1,
                    format!("there is no column `{name}`"),
                    format!("the columns are {}{}", columns.join(", "), super::fault::did_you_mean(&near)),
                );
            }
        }
    }
    for name in required {
        if columns.iter().position(|c| c == name).is_some_and(|column| places.get(column) == Some(&None)) {
            out.add(1, 0, format!("the column `{name}` is missing"), format!("add `{name}` to the header line"));
        }
    }
    places
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_all(text: &str) -> (Table, Vec<super::super::Fault>) {
        let mut faults = Vec::new();
        let table = read(
            text.as_bytes(),
            &["project_number", "customer", "job"],
            &["project_number"],
            &mut Collector { file: "projects.csv", faults: &mut faults },
        );
        (table, faults)
    }

    #[test]
    fn a_file_from_excel_in_europe_is_read() {
        let (table, faults) = read_all("\u{feff}Project_Number;Customer;Job;;\r\n007;\"Smith; Sons\";;;\r\n;;;;\r\n");
        assert!(faults.is_empty(), "{faults:?}");
        assert_eq!(table.rows.len(), 1);
        assert_eq!(table.rows[0].cell(0), "007");
        assert_eq!(table.rows[0].cell(1), "Smith; Sons");
        assert_eq!(table.rows[0].line, 2);
    }

    #[test]
    fn every_fault_of_the_header_is_named() {
        let (_, faults) = read_all("projectnumber,customer,customer\n");
        let text: Vec<String> = faults.iter().map(ToString::to_string).collect();
        assert_eq!(text.len(), 3, "{text:?}");
        assert!(text[0].contains("did you mean project_number"), "{text:?}");
        assert!(text[1].contains("`customer` occurs twice"));
        assert!(text[2].contains("`project_number` is missing"));
    }
}
