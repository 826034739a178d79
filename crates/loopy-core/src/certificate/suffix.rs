//! What a row repeats: suffixes in their order, and how much neighbours have in common.

/// For every place, the longest stretch beginning there that also begins at an earlier place
/// (the two may overlap). Names in `row` are below its length.
pub(super) fn seen_before(row: &[u32]) -> Vec<u32> {
    let count = row.len();
    let (suffixes, ranks) = sorted_suffixes(row);
    // Common prefix of each suffix in order with the one before it. From one suffix to the next
    // in the row, it shrinks by at most one.
    let mut shared = vec![0_u32; count + 1];
    let mut common = 0_usize;
    for start in 0..count {
        let rank = ranks[start] as usize;
        if rank == 0 {
            common = 0;
            continue;
        }
        let other = suffixes[rank - 1] as usize;
        common += (row[start + common..].iter())
            .zip(&row[other + common..])
            .take_while(|(a, b)| a == b)
            .count();
        shared[rank] = common as u32;
        common = common.saturating_sub(1);
    }
    // Among suffixes that begin earlier, the nearest in order on either side have the most in
    // common: a stack finds both (Crochemore and Ilie, Information Processing Letters 106, 2008).
    let mut longest = vec![0; count];
    let mut stack: Vec<usize> = Vec::new();
    for rank in 0..=count {
        let start = suffixes.get(rank).copied();
        while let Some(&top) = stack.last() {
            let place = suffixes[top];
            let above = shared[top];
            if start.is_some_and(|start| start > place) {
                break;
            }
            // `place` begins later than what follows in order, or nothing follows.
            longest[place as usize] = above.max(shared[rank]);
            stack.pop();
            shared[rank] = shared[rank].min(above);
        }
        if start.is_some() {
            stack.push(rank);
        }
    }
    longest
}

/// Starts of the suffixes of `row` in their order, and the rank of each start: prefix doubling
/// with counting sorts, n log n at worst.
fn sorted_suffixes(row: &[u32]) -> (Vec<u32>, Vec<u32>) {
    let count = row.len();
    let mut ranks = row.to_vec();
    let mut order: Vec<u32> = by_key(0..count as u32, &ranks);
    let mut length = 0;
    loop {
        // `order` sorts by the first `length` names (one name in the first round); `ranks` tells
        // apart what differs there.
        let second = |start: u32| ranks.get(start as usize + length).copied();
        let mut next = vec![0; count];
        let mut rank = 0;
        for pair in order.windows(2) {
            let key = |start: u32| {
                (
                    ranks[start as usize],
                    if length > 0 { second(start) } else { None },
                )
            };
            rank += u32::from(key(pair[0]) != key(pair[1]));
            next[pair[1] as usize] = rank;
        }
        ranks = next;
        length = (length * 2).max(1);
        if rank as usize + 1 >= count || length >= count {
            break;
        }
        // Sorted by the second half first: suffixes without one come first, the others follow in
        // the order of their second halves. The counting sort by the first half keeps that order.
        let without = (count - length) as u32..count as u32;
        let with = order.iter().filter(|start| **start >= length as u32);
        let halves: Vec<u32> = without
            .chain(with.map(|start| start - length as u32))
            .collect();
        order = by_key(halves.into_iter(), &ranks);
    }
    (order, ranks)
}

/// `items` in the order of their keys, those with equal keys in the given order. Keys are below the
/// number of items.
fn by_key(items: impl Iterator<Item = u32> + Clone, keys: &[u32]) -> Vec<u32> {
    let mut places = vec![0_u32; keys.len() + 1];
    for item in items.clone() {
        places[keys[item as usize] as usize + 1] += 1;
    }
    for index in 1..places.len() {
        places[index] += places[index - 1];
    }
    let mut sorted = vec![0; keys.len()];
    for item in items {
        let place = &mut places[keys[item as usize] as usize];
        sorted[*place as usize] = item;
        *place += 1;
    }
    sorted
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn stretches_seen_before_are_found_by_comparing_everything(
            row in (1_u32..5).prop_flat_map(|names| proptest::collection::vec(0..names, 0..40)),
        ) {
            // Names are below the length of the row.
            let names = row.iter().max().map_or(0, |most| *most as usize + 1);
            prop_assume!(names <= row.len());
            let slowly: Vec<u32> = (0..row.len())
                .map(|late| {
                    let alike = |early: usize| {
                        let pairs = row[late..].iter().zip(&row[early..]);
                        pairs.take_while(|(a, b)| a == b).count() as u32
                    };
                    (0..late).map(alike).max().unwrap_or(0)
                })
                .collect();
            prop_assert_eq!(seen_before(&row), slowly);
        }
    }
}
