//! CSV as Excel writes it: byte order mark, CRLF, quotes, semicolons or tabs, trailing empty columns. Leading zeros
//! stay, since every cell is text.

use std::sync::Arc;

use super::fault::Collector;

/// A table: known columns in a fixed order, whatever the order in the file.
#[derive(Debug)]
pub(crate) struct Table {
    pub(crate) rows: Vec<Row>,
}

/// A row, with the line it stands on.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    pub(crate) line: usize,
    cells: Vec<String>,
    /// Where each column stands in the file, from 0.
    places: Arc<[Option<usize>]>,
}

impl Row {
    /// The cell of a column, trimmed; empty where the row is short.
    pub(crate) fn cell(&self, column: usize) -> &str {
        self.cells.get(column).map_or("", String::as_str)
    }

    /// The same, as an owned text; none where it is empty.
    pub(crate) fn filled(&self, column: usize) -> Option<String> {
        Some(self.cell(column)).filter(|text| !text.is_empty()).map(str::to_owned)
    }

    /// Where the cell of a column stands in the file, from 1; 0 where the file lacks the column.
    pub(crate) fn column(&self, column: usize) -> usize {
        self.places.get(column).copied().flatten().map_or(0, |place| place + 1)
    }
}

/// Reads a table; `columns` are all that may occur, the first `required` of which must.
pub(crate) fn read(bytes: &[u8], columns: &[&str], required: &[&str], out: &mut Collector<'_>) -> Table {
    let empty = Table { rows: Vec::new() };
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) => {
            let before = String::from_utf8_lossy(bytes.get(..error.valid_up_to()).unwrap_or_default());
            let line = before.matches('\n').count() + 1;
            let column = before.rsplit('\n').next().map_or(0, |last| last.matches([',', ';', '\t']).count()) + 1;
            out.add(line, column, "the file is not UTF-8 from here on", "save it from Excel as `CSV UTF-8`");
            return empty;
        }
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
    let places: Arc<[Option<usize>]> = place_columns(&header, columns, required, out).into();
    let lacks = |name: &str| columns.iter().position(|c| *c == name).is_some_and(|at| places.get(at) == Some(&None));
    if required.iter().any(|name| lacks(name)) {
        // Every row would be wrong for the same reason.
        return empty;
    }
    let mut rows = Vec::new();
    for record in records {
        match record {
            Ok(record) => {
                if record.iter().all(str::is_empty) {
                    continue;
                }
                let line = record.position().map_or(0, |p| usize::try_from(p.line()).unwrap_or(0));
                if let Some(extra) = outside(&header, &record) {
                    out.add(
                        line,
                        extra.0 + 1,
                        format!("`{}` stands outside the columns", extra.1),
                        "remove it, or quote a cell that contains the separator",
                    );
                }
                if let Some((place, _)) = record.iter().enumerate().find(|(_, cell)| cell.contains('\n')) {
                    out.add(
                        line,
                        place + 1,
                        "a quote is opened and not closed",
                        "close it, or double it inside a cell",
                    );
                    continue;
                }
                let cells = places
                    .iter()
                    .map(|place| place.and_then(|p| record.get(p)).unwrap_or_default().to_owned())
                    .collect();
                rows.push(Row { line, cells, places: places.clone() });
            }
            Err(error) => {
                let line = error.position().map_or(0, |p| usize::try_from(p.line()).unwrap_or(0));
                out.add(line, 0, format!("the line cannot be read: {error}"), "check the quotes in the line");
            }
        }
    }
    Table { rows }
}

/// A cell under no name.
fn outside<'r>(header: &csv::StringRecord, record: &'r csv::StringRecord) -> Option<(usize, &'r str)> {
    record.iter().enumerate().find(|(at, cell)| !cell.is_empty() && header.get(*at).is_none_or(str::is_empty))
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

/// What Excel made of a code, if the cell shows that it did: `03-100` becomes `Mar-00`, a long number `1.23E+11`.
pub(crate) fn spoilt_by_excel(cell: &str) -> Option<&'static str> {
    const MONTHS: [&str; 12] = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let month = |text: &str| MONTHS.contains(&text.to_ascii_lowercase().as_str());
    if let Some((left, right)) = cell.split_once('-')
        && (month(left) && digits(right) || digits(left) && month(right))
    {
        return Some("a date");
    }
    let (mantissa, exponent) = cell.split_once("E+")?;
    (digits(&mantissa.replace('.', "")) && digits(exponent)).then_some("a rounded number")
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
    fn an_open_quote_is_named_where_it_is_opened() {
        let (table, faults) = read_all("project_number,customer\n1,\"Smith\n2,Jones\n");
        assert!(table.rows.is_empty());
        assert_eq!((faults.len(), faults[0].line, faults[0].column), (1, 2, 2), "{faults:?}");
    }

    #[test]
    fn what_excel_does_to_codes_is_seen() {
        assert_eq!(spoilt_by_excel("Mar-00"), Some("a date"));
        assert_eq!(spoilt_by_excel("3-Jan"), Some("a date"));
        assert_eq!(spoilt_by_excel("5.98134E+11"), Some("a rounded number"));
        for code in ["03-100", "2026-014", "MAR-A", "1E", "05-100.S", "HVAC-1"] {
            assert_eq!(spoilt_by_excel(code), None, "{code}");
        }
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
