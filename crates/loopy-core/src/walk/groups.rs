//! Groups of clips that reach each other: the strongly connected components of the clip graph.

/// The component of each of `count` items under `arcs` (sorted pairs of from and to).
pub(super) fn groups(count: usize, arcs: &[(u32, u32)]) -> Vec<u32> {
    let mut back: Vec<(u32, u32)> = arcs.iter().map(|(from, to)| (*to, *from)).collect();
    back.sort_unstable();

    // Kosaraju: items in the order in which a depth-first search leaves them, then, last first,
    // everything that reaches them.
    let mut left = Vec::with_capacity(count);
    let mut seen = vec![false; count];
    for root in 0..count as u32 {
        search(root, arcs, &mut seen, |item| left.push(item));
    }
    let mut group = vec![0; count];
    let mut seen = vec![false; count];
    let mut number = 0;
    for root in left.iter().rev() {
        let mut any = false;
        search(*root, &back, &mut seen, |item| {
            group[item as usize] = number;
            any = true;
        });
        number += u32::from(any);
    }
    group
}

/// Depth-first from `root` over items not seen yet; `leave` is called as each is left.
fn search(root: u32, arcs: &[(u32, u32)], seen: &mut [bool], mut leave: impl FnMut(u32)) {
    if std::mem::replace(&mut seen[root as usize], true) {
        return;
    }
    let first = |item: u32| arcs.partition_point(|arc| arc.0 < item);
    let mut path = vec![(root, first(root))];
    while let Some((item, next)) = path.last_mut() {
        if let Some(&(_, to)) = arcs.get(*next).filter(|arc| arc.0 == *item) {
            *next += 1;
            if !std::mem::replace(&mut seen[to as usize], true) {
                path.push((to, first(to)));
            }
        } else {
            leave(*item);
            path.pop();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::groups;

    #[test]
    fn clips_that_reach_each_other_are_one_group() {
        let found = groups(6, &[(0, 1), (1, 2), (2, 0), (2, 3), (3, 4), (4, 3)]);
        assert_eq!(found[0], found[1]);
        assert_eq!(found[0], found[2]);
        assert_eq!(found[3], found[4]);
        assert_ne!(found[0], found[3]);
        assert_ne!(found[5], found[0]);
        assert_ne!(found[5], found[3]);
        assert_eq!(*found.iter().max().unwrap(), 2);
    }
}
