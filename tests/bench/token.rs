//! How fast tokens are found and taken out: text without any, and text with one in every line.

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use leaver::token::{checksum, kinds, scrub};

fn audit_lines(with_tokens: bool) -> String {
    let body = "Zk3".repeat(10);
    let sum = checksum::crc_base62(body.as_bytes());
    let token = if with_tokens { format!("ghp_{body}{}", String::from_utf8_lossy(&sum)) } else { "none".to_owned() };
    let line = |n: u32| {
        format!(
            "{{\"id\":\"{n:08x}-6d0c-4c3b-9d0e-2f1d8f0f7a11\",\"url\":\"https://graph.microsoft.com/v1.0/users/{n}\",\"actor\":\"user{n}@contoso.com\",\"value\":\"{token}\"}}\n"
        )
    };
    (0..100_000).map(line).collect()
}

fn bench(criterion: &mut Criterion) {
    for (name, text) in [("clean", audit_lines(false)), ("a token a line", audit_lines(true))] {
        let mut group = criterion.benchmark_group(name);
        group.sample_size(20).throughput(Throughput::Bytes(text.len() as u64));
        group.bench_function("find", |bencher| bencher.iter(|| kinds().find(black_box(text.as_bytes())).len()));
        group.bench_function("scrub", |bencher| bencher.iter(|| scrub(black_box(&text)).len()));
        group.bench_function("scrub by line", |bencher| {
            bencher.iter(|| text.lines().map(|line| scrub(black_box(line)).len()).sum::<usize>());
        });
        group.finish();
    }
}

criterion_group!(benches, bench);
criterion_main!(benches);
