-- What is kept about a patient goes when the patient's record is erased.
grant delete on coordination.timeline, coordination.preauth_order to meditrack_app;
