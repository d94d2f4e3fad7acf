//! Answers of QuickBooks Desktop.

use quickbooks_desktop::qbxml::{AnswerStream, Answers, BillStream, Bills};

/// An input that makes more parts than this is not read further.
const MANY: usize = 10_000;

/// An answer, in memory and in pieces: both ways give the same parts and the same errors.
pub fn answers(data: &[u8]) {
    for answer in Answers::new(data).untyped().take(MANY) {
        let _ = answer.map(|answer| format!("{answer:?}"));
    }
    let whole: Vec<String> = Answers::new(data)
        .take(MANY)
        .map(|answer| match answer {
            Ok(answer) => format!("{answer:?}"),
            Err(error) => error.to_string(),
        })
        .collect();
    let mut stream = AnswerStream::new(data).chunk_size(7);
    let mut pieces = Vec::new();
    while pieces.len() < MANY
        && let Some(answer) = stream.read_with(|answer| format!("{answer:?}"))
    {
        pieces.push(answer.unwrap_or_else(|error| error.to_string()));
    }
    assert_eq!(whole, pieces, "memory and stream differ");
    let bills = Bills::new(data).take(MANY).filter(Result::is_ok).count();
    let streamed = BillStream::new(data).take(MANY).filter(Result::is_ok).count();
    assert_eq!(bills, streamed, "memory and stream differ");
}
