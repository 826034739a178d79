//! Edges that are missing for a walk to reach every clip from everywhere, as few as possible.
//!
//! Once inside a clip the walk can always go on to its end, so that it is enough when every
//! clip's end can be reached from every other's.

/// What joins places: for each place the places that can be next.
pub(crate) type Ways = Vec<Vec<usize>>;

/// Pairs (from, to) of `goals` to be joined so that every goal can be reached from every other:
/// as few as there can be (Eswaran and Tarjan 1976). `cost` chooses among the goals of a group.
pub(crate) fn missing(
    ways: &Ways,
    goals: &[usize],
    cost: impl Fn(usize, usize) -> u32,
) -> Vec<(usize, usize)> {
    let reach: Vec<Vec<bool>> = goals.iter().map(|goal| reached(ways, *goal)).collect();
    let groups = groups(goals, &reach);
    if groups.len() < 2 {
        return Vec::new();
    }
    let leads = |a: usize, b: usize| reach[groups[a][0]][goals[groups[b][0]]];
    let all = 0..groups.len();
    let source = |a: &usize| all.clone().all(|b| b == *a || !leads(b, *a));
    let sink = |a: &usize| all.clone().all(|b| b == *a || !leads(*a, b));
    let mut sources: Vec<usize> = all.clone().filter(source).collect();
    let mut sinks: Vec<usize> = all.clone().filter(sink).collect();
    // Pairs first: each source with a sink that it leads to, as long as there are any.
    let mut paired = 0;
    for at in 0..sources.len() {
        let found = (paired..sinks.len()).find(|other| leads(sources[at], sinks[*other]));
        if let Some(found) = found {
            sources.swap(paired, at);
            sinks.swap(paired, found);
            paired += 1;
        }
    }
    // A ring through the pairs; what is left hangs between a sink and a source of it.
    let ring = (0..paired).map(|at| (sinks[at], sources[(at + 1) % paired]));
    let rest = (paired..sources.len().max(sinks.len())).map(|at| {
        (
            *sinks.get(at).unwrap_or(&sinks[0]),
            *sources.get(at).unwrap_or(&sources[0]),
        )
    });
    ring.chain(rest)
        .filter_map(|(from, to)| {
            let pairs = groups[from]
                .iter()
                .flat_map(|a| groups[to].iter().map(move |b| (*a, *b)));
            pairs.min_by_key(|(a, b)| (cost(*a, *b), *a, *b))
        })
        .collect()
}

/// Every place that can be reached from one.
fn reached(ways: &Ways, from: usize) -> Vec<bool> {
    let mut seen = vec![false; ways.len()];
    seen[from] = true;
    let mut open = vec![from];
    while let Some(place) = open.pop() {
        for next in &ways[place] {
            if !std::mem::replace(&mut seen[*next], true) {
                open.push(*next);
            }
        }
    }
    seen
}

/// Goals (by index) that reach each other, in order of the first of each group.
fn groups(goals: &[usize], reach: &[Vec<bool>]) -> Vec<Vec<usize>> {
    let mut groups: Vec<Vec<usize>> = Vec::new();
    for (goal, place) in goals.iter().enumerate() {
        let mutual = |group: &&mut Vec<usize>| {
            let other = group[0];
            reach[other][*place] && reach[goal][goals[other]]
        };
        match groups.iter_mut().find(mutual) {
            Some(group) => group.push(goal),
            None => groups.push(vec![goal]),
        }
    }
    groups
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn whole(ways: &Ways) -> bool {
        (0..ways.len()).all(|place| reached(ways, place).into_iter().all(|seen| seen))
    }

    #[test]
    fn islands_become_one_ring() {
        let ways = vec![vec![1], vec![0], vec![], vec![]];
        let pairs = missing(&ways, &[0, 1, 2, 3], |_, _| 0);
        assert_eq!(pairs.len(), 3);
    }

    #[test]
    fn the_cheapest_goals_of_a_group_are_joined() {
        let ways = vec![vec![1], vec![0], vec![3], vec![2]];
        let cost = |a: usize, b: usize| u32::from((a, b) != (1, 2) && (a, b) != (3, 0));
        let mut pairs = missing(&ways, &[0, 1, 2, 3], cost);
        pairs.sort_unstable();
        assert_eq!(pairs, [(1, 2), (3, 0)]);
    }

    proptest! {
        #[test]
        fn any_ways_become_whole_with_as_few_pairs_as_its_loose_ends_need(
            places in 1_usize..12,
            some in prop::collection::vec((0_usize..12, 0_usize..12), 0..20),
        ) {
            let mut ways = vec![Vec::new(); places];
            for (a, b) in some {
                ways[a % places].push(b % places);
            }
            let goals: Vec<usize> = (0..places).collect();
            let pairs = missing(&ways, &goals, |a, b| (a * 7 + b) as u32 % 5);
            prop_assert_eq!(pairs.is_empty(), whole(&ways));
            for (a, b) in &pairs {
                ways[*a].push(*b);
            }
            prop_assert!(whole(&ways));
            // None of them can be left out.
            for (a, b) in &pairs {
                let mut less = ways.clone();
                let at = less[*a].iter().rposition(|next| next == b).unwrap();
                less[*a].remove(at);
                prop_assert!(!whole(&less), "{a} -> {b} of {pairs:?}");
            }
        }
    }
}
