//! How fast rows get into an evidence file: the budget is 200,000 rows a second into a typical table.
#![expect(clippy::expect_used, reason = "a bench that cannot be set up has to stop")]

use std::time::{Duration, Instant};

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use leaver::evidence::row::DelegatedGrant;
use leaver::evidence::{Scope, Stop, Writer};

const ROWS: u64 = 200_000;

fn grant(n: u64) -> DelegatedGrant {
    DelegatedGrant {
        id: format!("E3NHhUPqfUy4pFT-010LYFo5-ycA-_5Fhl7nHbaJ7qACy1R9o6oWQJ{n:010}").into(),
        client: "263a5b01-03e5-408e-8557-bab681df104c".into(),
        resource: "1804a6f8-e623-4520-8f40-ba1b0c11c42d".into(),
        consent: "Principal".into(),
        principal: Some(format!("7d54cb02-aaa3-4016-9f9c-{n:012}").into()),
        scope: Some(" Contacts.ReadWrite openid profile mcp.tools.read".into()),
    }
}

fn fill(rows: u64) -> Duration {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let writer = Writer::create(directory.path(), &[]).expect("an evidence file");
    let scope = Scope { name: "bench".into(), person: None, needs: String::new() };
    let start = Instant::now();
    let done = writer.dataset(&["delegated_grant"], &scope, async |out| {
        for row in 0..rows {
            out.insert(&grant(row)).map_err(Stop::Evidence)?;
        }
        Ok(())
    });
    tokio::runtime::Builder::new_current_thread().build().expect("a runtime").block_on(done).expect("rows");
    writer.seal(None).expect("a sealed file");
    start.elapsed()
}

fn insert(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("evidence");
    group.throughput(Throughput::Elements(ROWS)).sample_size(10);
    group.bench_function("insert", |bench| bench.iter_custom(|times| (0..times).map(|_| fill(ROWS)).sum()));
    group.finish();
}

criterion_group!(benches, insert);
criterion_main!(benches);
