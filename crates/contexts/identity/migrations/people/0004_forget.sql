-- The account of a patient goes when the patient's record is erased.
grant delete on people.account to meditrack_app;
