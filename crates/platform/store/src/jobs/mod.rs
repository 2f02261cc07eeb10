//! Background work: key rotation, reindex, dictionaries, removal of deleted tenants.
