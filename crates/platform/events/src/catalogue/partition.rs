//! Which partition an event belongs to: the same for every bus, because it is Kafka's rule.

use mt_kernel::TenantId;

use super::Topic;

/// A hash of tenant and key: events with one lane stay in order.
pub(crate) fn lane(tenant: TenantId, key: &str) -> i64 {
    let bytes = wire_key(tenant, key);
    let low = murmur2(&bytes, 0x9747_b28c);
    let high = murmur2(&bytes, 0x5bd1_e995);
    (i64::from(high.cast_signed()) << 32) | i64::from(low)
}

/// The partition of an event: Kafka's default partitioner over [`wire_key`].
pub(crate) fn partition_of(topic: &Topic, tenant: TenantId, key: &str) -> i16 {
    let hash = murmur2(&wire_key(tenant, key), 0x9747_b28c) & 0x7fff_ffff;
    let partition = hash % u32::from(topic.partitions.max(1));
    i16::try_from(partition).unwrap_or_default()
}

/// The key on the wire: `tenant|key`.
pub(crate) fn wire_key(tenant: TenantId, key: &str) -> Vec<u8> {
    format!("{}|{key}", tenant.0).into_bytes()
}

/// MurmurHash2, 32 bits, as Kafka's `Utils.murmur2` with its seed `0x9747b28c`.
fn murmur2(bytes: &[u8], seed: u32) -> u32 {
    const M: u32 = 0x5bd1_e995;
    let length = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
    let mut hash = seed ^ length;
    let (words, tail) = bytes.as_chunks::<4>();
    for word in words {
        let mut k = u32::from_le_bytes(*word).wrapping_mul(M);
        k ^= k >> 24;
        hash = hash.wrapping_mul(M) ^ k.wrapping_mul(M);
    }
    for (shift, byte) in tail.iter().enumerate() {
        hash ^= u32::from(*byte) << (8 * shift);
    }
    if !tail.is_empty() {
        hash = hash.wrapping_mul(M);
    }
    hash ^= hash >> 13;
    hash = hash.wrapping_mul(M);
    hash ^ (hash >> 15)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Values of the test of Kafka's `Utils.murmur2`.
    #[test]
    fn the_hash_is_kafkas() {
        let cases: [(&str, i32); 5] = [
            ("21", -973_932_308),
            ("foobar", -790_332_482),
            ("a-little-bit-long-string", -985_981_536),
            ("a-little-bit-longer-string", -1_486_304_829),
            (
                "lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8",
                -58_897_971,
            ),
        ];
        for (text, hash) in cases {
            assert_eq!(
                murmur2(text.as_bytes(), 0x9747_b28c).cast_signed(),
                hash,
                "{text}"
            );
        }
    }

    #[test]
    fn equal_keys_of_two_tenants_have_two_lanes() {
        assert_ne!(lane(TenantId(1), "p"), lane(TenantId(2), "p"));
        assert_eq!(lane(TenantId(1), "p"), lane(TenantId(1), "p"));
    }
}
