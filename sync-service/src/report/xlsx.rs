//! A workbook (Office Open XML, ECMA-376): one sheet a table, the first row frozen, amounts in a money format, formulas
//! alive.
//!
//! Amounts are written as the text of the exact decimal. A spreadsheet reads them into its own binary numbers; that is its
//! format, and nothing here computes with them. Text is written as text, so that a name which begins with `=` is no
//! formula.

use std::fmt::Write as _;

use super::html::escape;
use super::{Cell, Report, Table, zip};
use crate::Failure;

const TYPES: &str = "http://schemas.openxmlformats.org/package/2006/content-types";
const RELATIONS: &str = "http://schemas.openxmlformats.org/package/2006/relationships";
const OFFICE: &str = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
const MAIN: &str = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
const PART: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml";
const XML: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n";

/// The bytes of the file.
pub(crate) fn workbook(report: &Report) -> Result<Vec<u8>, Failure> {
    let sheets = 1..=report.tables.len();
    let mut types = format!(
        "{XML}<Types xmlns=\"{TYPES}\"><Default Extension=\"rels\" \
         ContentType=\"application/vnd.openxmlformats-package.relationships+xml\"/><Default Extension=\"xml\" \
         ContentType=\"application/xml\"/><Override PartName=\"/xl/workbook.xml\" ContentType=\"{PART}.sheet.main+xml\"/>\
         <Override PartName=\"/xl/styles.xml\" ContentType=\"{PART}.styles+xml\"/>"
    );
    let mut book = format!("{XML}<workbook xmlns=\"{MAIN}\" xmlns:r=\"{OFFICE}\"><sheets>");
    let mut links = format!("{XML}<Relationships xmlns=\"{RELATIONS}\">");
    for (sheet, table) in sheets.zip(&report.tables) {
        write!(types, "<Override PartName=\"/xl/worksheets/sheet{sheet}.xml\" ContentType=\"{PART}.worksheet+xml\"/>")?;
        let name: String = table.name.chars().filter(|c| !"[]:*?/\\'".contains(*c)).take(31).collect();
        write!(book, "<sheet name=\"{}\" sheetId=\"{sheet}\" r:id=\"rId{sheet}\"/>", escape(&name))?;
        write!(
            links,
            "<Relationship Id=\"rId{sheet}\" Type=\"{OFFICE}/worksheet\" Target=\"worksheets/sheet{sheet}.xml\"/>"
        )?;
    }
    types.push_str("</Types>");
    // Everything is worked out anew when the file is opened.
    book.push_str("</sheets><calcPr fullCalcOnLoad=\"1\"/></workbook>");
    write!(links, "<Relationship Id=\"rId0\" Type=\"{OFFICE}/styles\" Target=\"styles.xml\"/></Relationships>")?;
    let root = format!(
        "{XML}<Relationships xmlns=\"{RELATIONS}\"><Relationship Id=\"rId1\" Type=\"{OFFICE}/officeDocument\" \
         Target=\"xl/workbook.xml\"/></Relationships>"
    );
    let mut files = vec![
        ("[Content_Types].xml".to_owned(), types.into_bytes()),
        ("_rels/.rels".to_owned(), root.into_bytes()),
        ("xl/workbook.xml".to_owned(), book.into_bytes()),
        ("xl/_rels/workbook.xml.rels".to_owned(), links.into_bytes()),
        ("xl/styles.xml".to_owned(), styles().into_bytes()),
    ];
    for (place, table) in report.tables.iter().enumerate() {
        files.push((format!("xl/worksheets/sheet{}.xml", place + 1), sheet(table)?.into_bytes()));
    }
    Ok(zip::archive(&files)?)
}

/// Styles: 0 plain, 1 header, 2 money, 3 wrapped text, 4 percent.
fn styles() -> String {
    format!(
        "{XML}<styleSheet xmlns=\"{MAIN}\"><numFmts count=\"1\"><numFmt numFmtId=\"164\" \
         formatCode=\"#,##0.00;[Red]-#,##0.00\"/></numFmts><fonts count=\"2\"><font/><font><b/></font></fonts>\
         <fills count=\"2\"><fill><patternFill patternType=\"none\"/></fill><fill><patternFill patternType=\"gray125\"/>\
         </fill></fills><borders count=\"1\"><border/></borders><cellStyleXfs count=\"1\"><xf/></cellStyleXfs>\
         <cellXfs count=\"5\"><xf/><xf fontId=\"1\" applyFont=\"1\"/><xf numFmtId=\"164\" applyNumberFormat=\"1\"/>\
         <xf applyAlignment=\"1\"><alignment wrapText=\"1\" vertical=\"top\"/></xf>\
         <xf numFmtId=\"10\" applyNumberFormat=\"1\"/></cellXfs></styleSheet>"
    )
}

fn sheet(table: &Table) -> Result<String, Failure> {
    let mut out = format!(
        "{XML}<worksheet xmlns=\"{MAIN}\"><sheetViews><sheetView workbookViewId=\"0\"><pane ySplit=\"1\" \
         topLeftCell=\"A2\" activePane=\"bottomLeft\" state=\"frozen\"/></sheetView></sheetViews><cols>"
    );
    for place in 0..table.header.len() {
        let longest = table.rows.iter().filter_map(|row| row.get(place)).map(|cell| cell.shown().chars().count()).max();
        let width = longest.unwrap_or(8).clamp(8, 70) + 2;
        write!(out, "<col min=\"{0}\" max=\"{0}\" width=\"{width}\" customWidth=\"1\"/>", place + 1)?;
    }
    out.push_str("</cols><sheetData><row r=\"1\">");
    for (place, name) in table.header.iter().enumerate() {
        text(&mut out, &format!("{}1", column(place)), name, 1)?;
    }
    out.push_str("</row>");
    for (line, row) in table.rows.iter().enumerate() {
        let number = line + 2;
        write!(out, "<row r=\"{number}\">")?;
        for (place, cell) in row.iter().enumerate() {
            let at = format!("{}{number}", column(place));
            match cell {
                Cell::Text(content) if content.is_empty() => {}
                Cell::Text(content) => text(&mut out, &at, content, 3)?,
                Cell::Count(count) => write!(out, "<c r=\"{at}\"><v>{count}</v></c>")?,
                Cell::Money(money) => write!(out, "<c r=\"{at}\" s=\"2\"><v>{money}</v></c>")?,
                Cell::Share(formula, share) => {
                    write!(out, "<c r=\"{at}\" s=\"4\"><f>{}</f><v>{share}</v></c>", escape(formula))?;
                }
                Cell::Formula(formula, money) => {
                    write!(out, "<c r=\"{at}\" s=\"2\"><f>{}</f><v>{money}</v></c>", escape(formula))?;
                }
            }
        }
        out.push_str("</row>");
    }
    out.push_str("</sheetData></worksheet>");
    Ok(out)
}

fn text(out: &mut String, at: &str, content: &str, style: u8) -> std::fmt::Result {
    let content = escape(content);
    write!(out, "<c r=\"{at}\" s=\"{style}\" t=\"inlineStr\"><is><t xml:space=\"preserve\">{content}</t></is></c>")
}

/// `A`, `B`, … `Z`, `AA`, …
fn column(place: usize) -> String {
    let letter = |place: usize| u8::try_from(place % 26).map_or('A', |place| char::from(b'A' + place));
    if place < 26 { letter(place).to_string() } else { format!("{}{}", column(place / 26 - 1), letter(place)) }
}
