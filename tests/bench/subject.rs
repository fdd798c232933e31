//! Ten thousand credentials judged for a thousand leavers: the budget is two seconds on two cores.

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use leaver::subject::{Account, Leavers, Trust};

const ISSUER: &str = "https://token.actions.githubusercontent.com";

/// One credential in ten is flexible, one in a hundred can be satisfied by anybody, and most owners did not leave.
fn credential(n: usize) -> Trust {
    let owner = match n % 7 {
        0 => format!("user-{}", n % 1500),
        _ => format!("contoso-{}", n % 40),
    };
    let plain = |subject: String| Trust::new(ISSUER, Some(&subject), None);
    let flexible = |sub: String| Trust::new(ISSUER, None, Some(&format!("claims['sub'] matches '{sub}'")));
    match n % 100 {
        0 => flexible(format!("repo:contoso-{}*", n % 40)),
        10 | 20 => flexible(format!("repo:{owner}/*:environment:prod")),
        30 | 40 | 50 => flexible(format!("repo:{owner}/app-*:ref:refs/heads/????")),
        60 | 70 | 80 | 90 => flexible(format!("repo:{owner}/app:ref:refs/heads/*")),
        _ if n.is_multiple_of(3) => plain(format!("repo:{owner}@{n}/app@{n}:environment:user-{}", n % 1200)),
        _ => plain(format!("repo:{owner}/app-{n}:ref:refs/heads/user-{}/fix", n % 2000)),
    }
}

fn judge(bench: &mut Criterion) {
    let account = |n: usize| Account { login: format!("user-{n}"), id: Some(n.to_string()) };
    let leavers = Leavers::new((0..1000).map(account));
    let credentials: Vec<Trust> = (0..10_000).map(credential).collect();
    bench.bench_function("judge 10,000 credentials for 1,000 leavers", |bencher| {
        bencher.iter(|| credentials.iter().map(|trust| leavers.judge(black_box(trust)).len()).sum::<usize>());
    });
}

criterion_group! {
    name = subject;
    config = Criterion::default().sample_size(10);
    targets = judge
}
criterion_main!(subject);
