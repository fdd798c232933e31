//! CSV as the portal exports it: column names with the zone behind them, times as the browser wrote them.

use std::borrow::Cow;
use std::io::{self, Read};

use csv::{ByteRecord, Reader, ReaderBuilder};

use super::column::Column;
use super::fault::Fault;
use super::files::LogFile;
use super::format::{Format, Layout, Opened, bare};
use super::parser::{Found, Raw, SHOWN, Scalar};
use super::timestamp::{Calendar, Dated};
use super::worker::Worker;
use crate::source::logs::columns::Field;

/// What the first line of a table says.
struct Header {
    columns: Vec<Option<Column>>,
    /// The zone behind the name of the column with the time.
    zone: Option<String>,
}

impl Worker<'_> {
    /// Reads a table.
    ///
    /// # Errors
    /// When the file cannot be read to its end.
    pub(super) fn table(&mut self, file: &LogFile, layout: Layout, content: impl Read) -> io::Result<()> {
        let mut rows = reader(content, layout.separator);
        let names = rows.byte_headers().cloned().map_err(io::Error::other)?;
        let header = self.header(&names);
        if !header.columns.iter().flatten().any(|column| matches!(column.field, Some(Field::Principal | Field::Name))) {
            self.fault(file, Fault::Foreign, Some(format!("its columns are {}", shown(&names))));
            return Ok(());
        }
        let calendar = self.calendar(file, &header)?;
        let mut row = ByteRecord::new();
        loop {
            match rows.read_byte_record(&mut row) {
                Ok(false) => return Ok(()),
                Ok(true) => {
                    self.next_line(layout.lines + row.position().map_or(0, csv::Position::line));
                    if !is_text(&header, &row) {
                        self.fault(file, Fault::Malformed, Some("not UTF-8".to_owned()));
                    }
                    self.record(file, &raw(&header, &row), &calendar);
                }
                Err(error) => match error.kind() {
                    csv::ErrorKind::Io(_) => return Err(error.into()),
                    _ => {
                        self.next_line(layout.lines + error.position().map_or(0, csv::Position::line));
                        self.fault(file, Fault::Malformed, None);
                    }
                },
            }
        }
    }

    fn header(&self, names: &ByteRecord) -> Header {
        let mut header = Header { columns: Vec::new(), zone: None };
        for name in names {
            let name = String::from_utf8_lossy(name);
            let (name, zone) = bare(&name);
            let column = self.job.columns.of(name);
            let is_time = column.is_some_and(|column| column.field == Some(Field::Time) && column.rank == 0);
            if is_time {
                header.zone = zone.map(str::to_owned);
            }
            header.columns.push(column);
        }
        header
    }

    /// Which number of a date is the day shows only in all dates together, so a file with such dates is read twice.
    fn calendar(&self, file: &LogFile, header: &Header) -> io::Result<Calendar> {
        let mut calendar = Calendar::of_header(header.zone.as_deref(), self.job.zone.clone());
        let unread = std::sync::atomic::AtomicU64::new(0);
        let Opened { format: Format::Table(layout), content, .. } = Opened::open(&file.at, &self.job.columns, &unread)?
        else {
            return Ok(calendar);
        };
        let mut rows = reader(content, layout.separator);
        let mut row = ByteRecord::new();
        let is_time = |column: &Option<Column>| column.is_some_and(|column| column.field == Some(Field::Time));
        let Some(time) = header.columns.iter().position(is_time) else { return Ok(calendar) };
        // What cannot be read is told by the second reading.
        while !matches!(rows.read_byte_record(&mut row), Ok(false)) && !rows.is_done() {
            let text = String::from_utf8_lossy(row.get(time).unwrap_or_default());
            if matches!(calendar.read(&text), Dated::At(_)) && text.ends_with('Z') {
                return Ok(calendar);
            }
            calendar.learn(&text);
        }
        Ok(calendar)
    }
}

fn reader<R: Read>(content: R, separator: u8) -> Reader<R> {
    ReaderBuilder::new().delimiter(separator).from_reader(content)
}

fn raw<'a>(header: &Header, row: &'a ByteRecord) -> Raw<'a> {
    let mut raw = Raw::default();
    for (column, value) in header.columns.iter().zip(row) {
        if let Some(column) = column {
            raw.set(*column, Found::Scalar(Scalar::Text(String::from_utf8_lossy(value))));
        }
    }
    raw
}

/// Whether every value that is read is UTF-8: a name that is not would be compared with nobody.
fn is_text(header: &Header, row: &ByteRecord) -> bool {
    header.columns.iter().zip(row).all(|(column, value)| column.is_none() || str::from_utf8(value).is_ok())
}

fn shown(names: &ByteRecord) -> String {
    let mut shown: Vec<Cow<'_, str>> = names.iter().take(SHOWN).map(String::from_utf8_lossy).collect();
    if names.len() > SHOWN {
        shown.push(format!("and {} more", names.len() - SHOWN).into());
    }
    shown.join(", ")
}
