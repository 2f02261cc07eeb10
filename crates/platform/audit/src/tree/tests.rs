//! The laws of the tree, for every size up to 300 and for random ones, against the recursive
//! definition of RFC 6962.

use proptest::prelude::*;

use super::*;

const SIZES: u64 = 300;

/// `MTH(D[n])` as RFC 6962 defines it.
fn defined_root(leaves: &[Hash]) -> Hash {
    match leaves {
        [] => Hash::empty(),
        [one] => *one,
        many => {
            let split = 1 << (many.len() - 1).ilog2();
            Hash::of_node(defined_root(&many[..split]), defined_root(&many[split..]))
        }
    }
}

fn leaves(count: u64) -> Vec<Hash> {
    (0..count)
        .map(|n| Hash::of_leaf(&n.to_be_bytes()))
        .collect()
}

fn grown(leaves: &[Hash]) -> (Edge, Vec<Tile>) {
    let (mut edge, mut full) = (Edge::default(), Vec::new());
    leaves.iter().for_each(|leaf| edge.push(*leaf, &mut full));
    (edge, full)
}

/// The hashes that a plan asks for, through the perfect subtrees they are made of.
fn fetched(plan: &[Range], leaves: &[Hash]) -> Vec<Hash> {
    let perfect = |(level, position): (u32, u64)| {
        let from = usize::try_from(position << level).unwrap();
        defined_root(&leaves[from..from + (1 << level)])
    };
    let hash = |range: &Range| {
        let parts: Vec<Hash> = subtrees(*range).into_iter().map(perfect).collect();
        fold_right(&parts)
    };
    plan.iter().map(hash).collect()
}

fn flipped(hash: Hash) -> Hash {
    let mut bytes = hash.0;
    bytes[7] ^= 1;
    Hash(bytes)
}

#[test]
fn the_edge_has_the_root_of_the_definition_at_every_size() {
    let all = leaves(SIZES);
    let (mut edge, mut full) = (Edge::default(), Vec::new());
    assert_eq!(edge.root(), Hash::empty());
    for (count, leaf) in all.iter().enumerate() {
        edge.push(*leaf, &mut full);
        assert_eq!(edge.root(), defined_root(&all[..=count]), "{count}");
    }
    assert_eq!(full.len(), 1);
    assert_eq!(
        (full[0].level, full[0].n, &full[0].hashes[..]),
        (0, 0, &all[..256])
    );
}

#[test]
fn a_tile_of_tiles_is_completed_with_leaf_65536() {
    let all = leaves(65_537);
    let (edge, full) = grown(&all);
    assert_eq!(full.len(), 257);
    let upper = full.last().unwrap();
    assert_eq!((upper.level, upper.n), (1, 0));
    for (tile, hash) in full.iter().zip(&upper.hashes) {
        assert_eq!(root_of(&tile.hashes), *hash);
    }
    assert_eq!(full[255].n, 255);
    assert_eq!(edge.root(), defined_root(&all));
}

#[test]
fn every_leaf_of_every_tree_is_proved_and_no_other() {
    let all = leaves(SIZES);
    for size in 1..=SIZES {
        let tree = &all[..usize::try_from(size).unwrap()];
        let root = defined_root(tree);
        for index in 0..size {
            let leaf = tree[usize::try_from(index).unwrap()];
            let proof = fetched(&inclusion(index, size).unwrap(), tree);
            assert!(
                verify_inclusion(leaf, index, size, &proof, root),
                "{index} of {size}"
            );
            assert!(!verify_inclusion(flipped(leaf), index, size, &proof, root));
            assert!(!verify_inclusion(leaf, index, size, &proof, flipped(root)));
            assert!(!verify_inclusion(leaf, (index + 1) % size, size, &proof, root) || size == 1);
        }
        assert_eq!(inclusion(size, size), None);
    }
}

#[test]
fn every_tree_is_a_prefix_of_every_larger_one_and_of_no_other() {
    let all = leaves(SIZES);
    for size in 1..=SIZES {
        let tree = &all[..usize::try_from(size).unwrap()];
        let new = (size, defined_root(tree));
        for old_size in 1..=size {
            let old = (
                old_size,
                defined_root(&tree[..usize::try_from(old_size).unwrap()]),
            );
            let proof = fetched(&consistency(old_size, size).unwrap(), tree);
            assert!(verify_consistency(old, new, &proof), "{old_size} in {size}");
            assert!(!verify_consistency((old.0, flipped(old.1)), new, &proof));
            assert!(!verify_consistency(old, (size, flipped(new.1)), &proof));
        }
        assert_eq!(consistency(size + 1, size), None);
    }
    assert_eq!(consistency(0, 5), None);
}

proptest! {
    #[test]
    fn a_changed_or_cut_proof_is_refused(size in 2_u64..3000, pick: u64, bit in 0_usize..256) {
        let all = leaves(size);
        let root = defined_root(&all);
        let index = pick % size;
        let leaf = all[usize::try_from(index).unwrap()];
        let proof = fetched(&inclusion(index, size).unwrap(), &all);
        let mut changed = proof.clone();
        let at = bit % changed.len();
        changed[at].0[bit / 8] ^= 1 << (bit % 8);
        prop_assert!(!verify_inclusion(leaf, index, size, &changed, root));
        prop_assert!(!verify_inclusion(leaf, index, size, &proof[1..], root));
        let mut longer = proof;
        longer.push(root);
        prop_assert!(!verify_inclusion(leaf, index, size, &longer, root));
    }

    #[test]
    fn larger_trees_are_consistent(size in 2_u64..3000, pick: u64) {
        let all = leaves(size);
        let old = 1 + pick % size;
        let old_root = defined_root(&all[..usize::try_from(old).unwrap()]);
        let proof = fetched(&consistency(old, size).unwrap(), &all);
        prop_assert!(verify_consistency((old, old_root), (size, defined_root(&all)), &proof));
    }
}
