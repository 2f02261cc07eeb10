/**
 * The parts of FHIR R4 that the screens read and write.
 *
 * Hand-kept and narrow: what is not named here still travels, because a changed resource is always the stored one
 * with some members replaced. Every JSON number is a {@link Decimal}.
 */

import type { Decimal } from '../lib/json';

export interface Meta {
  versionId?: string;
  lastUpdated?: string;
  profile?: string[];
}

export interface Coding {
  system?: string;
  version?: string;
  code?: string;
  display?: string;
}

export interface CodeableConcept {
  coding?: Coding[];
  text?: string;
}

export interface Reference {
  reference?: string;
  type?: string;
  display?: string;
}

export interface Quantity {
  value?: Decimal;
  comparator?: string;
  unit?: string;
  system?: string;
  code?: string;
}

export interface Period {
  start?: string;
  end?: string;
}

export interface Identifier {
  use?: string;
  type?: CodeableConcept;
  system?: string;
  value?: string;
}

export interface HumanName {
  use?: string;
  text?: string;
  family?: string;
  given?: string[];
  prefix?: string[];
  suffix?: string[];
}

export interface ContactPoint {
  system?: string;
  use?: string;
  value?: string;
}

export interface Address {
  use?: string;
  line?: string[];
  city?: string;
  state?: string;
  postalCode?: string;
  country?: string;
}

export interface Annotation {
  text?: string;
  time?: string;
  authorString?: string;
}

export interface Narrative {
  status: string;
  div: string;
}

export interface Resource {
  resourceType: string;
  id?: string;
  meta?: Meta;
}

/** A resource that has been stored. */
export type Stored<R extends Resource = Resource> = R & { id: string };

export interface PatientContact {
  relationship?: CodeableConcept[];
  name?: HumanName;
  telecom?: ContactPoint[];
}

export interface Patient extends Resource {
  resourceType: 'Patient';
  active?: boolean;
  identifier?: Identifier[];
  name?: HumanName[];
  telecom?: ContactPoint[];
  gender?: string;
  birthDate?: string;
  deceasedBoolean?: boolean;
  deceasedDateTime?: string;
  address?: Address[];
  communication?: { language?: CodeableConcept; preferred?: boolean }[];
  contact?: PatientContact[];
  photo?: Attachment[];
  extension?: { url: string; valueBoolean?: boolean }[];
  link?: { other: Reference; type: string }[];
}

export interface Condition extends Resource {
  resourceType: 'Condition';
  clinicalStatus?: CodeableConcept;
  verificationStatus?: CodeableConcept;
  category?: CodeableConcept[];
  code?: CodeableConcept;
  subject: Reference;
  encounter?: Reference;
  onsetDateTime?: string;
  abatementDateTime?: string;
  recordedDate?: string;
  note?: Annotation[];
}

export interface AllergyIntolerance extends Resource {
  resourceType: 'AllergyIntolerance';
  clinicalStatus?: CodeableConcept;
  verificationStatus?: CodeableConcept;
  type?: string;
  category?: string[];
  criticality?: string;
  code?: CodeableConcept;
  patient: Reference;
  onsetDateTime?: string;
  recordedDate?: string;
  recorder?: Reference;
  reaction?: { substance?: CodeableConcept; manifestation?: CodeableConcept[]; severity?: string }[];
}

export interface Dosage {
  text?: string;
  asNeededBoolean?: boolean;
  route?: CodeableConcept;
  timing?: { code?: CodeableConcept; repeat?: { boundsDuration?: Quantity; frequency?: Decimal; period?: Decimal; periodUnit?: string } };
  doseAndRate?: { doseQuantity?: Quantity }[];
}

export interface MedicationRequest extends Resource {
  resourceType: 'MedicationRequest';
  status: string;
  statusReason?: CodeableConcept;
  intent: string;
  medicationCodeableConcept?: CodeableConcept;
  medicationReference?: Reference;
  subject: Reference;
  encounter?: Reference;
  authoredOn?: string;
  requester?: Reference;
  reasonCode?: CodeableConcept[];
  reasonReference?: Reference[];
  note?: Annotation[];
  dosageInstruction?: Dosage[];
}

/** A medicine that somebody says is taken, prescribed here or not. */
export interface MedicationStatement extends Resource {
  resourceType: 'MedicationStatement';
  status: string;
  medicationCodeableConcept?: CodeableConcept;
  medicationReference?: Reference;
  subject: Reference;
  effectiveDateTime?: string;
  dateAsserted?: string;
  informationSource?: Reference;
  dosage?: Dosage[];
}

export interface ServiceRequest extends Resource {
  resourceType: 'ServiceRequest';
  status: string;
  intent: string;
  category?: CodeableConcept[];
  priority?: string;
  code?: CodeableConcept;
  subject: Reference;
  encounter?: Reference;
  authoredOn?: string;
  requester?: Reference;
  reasonReference?: Reference[];
  note?: Annotation[];
}

/** A list that somebody went through, such as the medicines at a reconciliation. */
export interface List extends Resource {
  resourceType: 'List';
  status: string;
  mode: string;
  title?: string;
  code?: CodeableConcept;
  subject?: Reference;
  date?: string;
  source?: Reference;
  entry?: { flag?: CodeableConcept; deleted?: boolean; item: Reference }[];
}

export interface Medication extends Resource {
  resourceType: 'Medication';
  code?: CodeableConcept;
}

export interface Component {
  code: CodeableConcept;
  valueQuantity?: Quantity;
  valueCodeableConcept?: CodeableConcept;
  valueString?: string;
  interpretation?: CodeableConcept[];
  referenceRange?: ReferenceRange[];
}

export interface ReferenceRange {
  low?: Quantity;
  high?: Quantity;
  text?: string;
}

export interface Observation extends Resource {
  resourceType: 'Observation';
  status: string;
  category?: CodeableConcept[];
  code: CodeableConcept;
  subject?: Reference;
  encounter?: Reference;
  effectiveDateTime?: string;
  effectivePeriod?: Period;
  issued?: string;
  performer?: Reference[];
  valueQuantity?: Quantity;
  valueCodeableConcept?: CodeableConcept;
  valueString?: string;
  dataAbsentReason?: CodeableConcept;
  interpretation?: CodeableConcept[];
  referenceRange?: ReferenceRange[];
  component?: Component[];
  note?: Annotation[];
}

export interface Encounter extends Resource {
  resourceType: 'Encounter';
  status: string;
  statusHistory?: { status: string; period: Period }[];
  class?: Coding;
  type?: CodeableConcept[];
  subject?: Reference;
  participant?: { type?: CodeableConcept[]; individual?: Reference }[];
  period?: Period;
  reasonCode?: CodeableConcept[];
  diagnosis?: { condition: Reference }[];
  location?: { location: Reference }[];
  serviceProvider?: Reference;
}

export interface Immunization extends Resource {
  resourceType: 'Immunization';
  status: string;
  vaccineCode?: CodeableConcept;
  patient: Reference;
  occurrenceDateTime?: string;
  occurrenceString?: string;
  primarySource?: boolean;
  statusReason?: CodeableConcept;
  lotNumber?: string;
  expirationDate?: string;
  location?: Reference;
  site?: CodeableConcept;
  performer?: { actor: Reference }[];
}

export interface CarePlan extends Resource {
  resourceType: 'CarePlan';
  status: string;
  intent: string;
  title?: string;
  description?: string;
  category?: CodeableConcept[];
  subject: Reference;
  period?: Period;
  author?: Reference;
  addresses?: Reference[];
  goal?: Reference[];
  activity?: { detail?: { code?: CodeableConcept; status: string; description?: string } }[];
}

export interface Goal extends Resource {
  resourceType: 'Goal';
  lifecycleStatus: string;
  achievementStatus?: CodeableConcept;
  description: CodeableConcept;
  subject: Reference;
  startDate?: string;
  target?: { dueDate?: string; detailQuantity?: Quantity }[];
  addresses?: Reference[];
}

export interface Task extends Resource {
  resourceType: 'Task';
  status: string;
  intent: string;
  priority?: string;
  statusReason?: CodeableConcept;
  code?: CodeableConcept;
  description?: string;
  focus?: Reference;
  for?: Reference;
  authoredOn?: string;
  lastModified?: string;
  requester?: Reference;
  owner?: Reference;
  executionPeriod?: Period;
  restriction?: { period?: Period };
  note?: Annotation[];
  input?: { type: CodeableConcept; valuePositiveInt?: Decimal }[];
}

export interface Appointment extends Resource {
  resourceType: 'Appointment';
  status: string;
  start?: string;
  participant?: { actor?: Reference; status: string }[];
}

export interface Communication extends Resource {
  resourceType: 'Communication';
  status: string;
  inResponseTo?: Reference[];
  category?: CodeableConcept[];
  priority?: string;
  subject?: Reference;
  topic?: CodeableConcept;
  sent?: string;
  received?: string;
  recipient?: Reference[];
  sender?: Reference;
  payload?: { contentString?: string }[];
}

export interface Binary extends Resource {
  resourceType: 'Binary';
  contentType: string;
  securityContext?: Reference;
  data?: string;
}

export interface Practitioner extends Resource {
  resourceType: 'Practitioner';
  active?: boolean;
  name?: HumanName[];
}

export interface Location extends Resource {
  resourceType: 'Location';
  status?: string;
  name?: string;
  telecom?: ContactPoint[];
  address?: Address;
  partOf?: Reference;
  managingOrganization?: Reference;
}

export interface Procedure extends Resource {
  resourceType: 'Procedure';
  status: string;
  code?: CodeableConcept;
  subject: Reference;
  performedDateTime?: string;
  performedPeriod?: Period;
}

export interface DiagnosticReport extends Resource {
  resourceType: 'DiagnosticReport';
  status: string;
  category?: CodeableConcept[];
  code?: CodeableConcept;
  subject?: Reference;
  effectiveDateTime?: string;
  effectivePeriod?: Period;
  issued?: string;
  result?: Reference[];
}

export interface Attachment {
  contentType?: string;
  data?: string;
  url?: string;
  size?: Decimal;
  hash?: string;
  title?: string;
  creation?: string;
}

export interface DocumentReference extends Resource {
  resourceType: 'DocumentReference';
  status: string;
  docStatus?: string;
  type?: CodeableConcept;
  category?: CodeableConcept[];
  subject?: Reference;
  date?: string;
  author?: Reference[];
  description?: string;
  content: { attachment: Attachment }[];
  context?: { encounter?: Reference[] };
}

export interface Section {
  title?: string;
  code?: CodeableConcept;
  text?: Narrative;
  section?: Section[];
}

export interface Composition extends Resource {
  resourceType: 'Composition';
  status: string;
  type: CodeableConcept;
  category?: CodeableConcept[];
  subject?: Reference;
  encounter?: Reference;
  date: string;
  author: Reference[];
  title: string;
  attester?: { mode: string; time?: string; party?: Reference }[];
  relatesTo?: { code: string; targetReference?: Reference }[];
  section?: Section[];
}

export interface AuditEvent extends Resource {
  resourceType: 'AuditEvent';
  type: Coding;
  subtype?: Coding[];
  action?: string;
  recorded: string;
  outcome?: string;
  outcomeDesc?: string;
  agent: { requestor: boolean; name?: string; role?: CodeableConcept[]; who?: Reference & { identifier?: Identifier }; network?: { address?: string } }[];
  entity?: { what?: Reference; query?: string; description?: string }[];
}

export interface Flag extends Resource {
  resourceType: 'Flag';
  status: string;
  category?: CodeableConcept[];
  code: CodeableConcept;
  subject: Reference;
  period?: Period;
}

export interface BundleEntry<R extends Resource = Resource> {
  fullUrl?: string;
  resource?: R;
  search?: {
    mode?: string;
    score?: Decimal;
    extension?: { url: string; valueCode?: string }[];
  };
  request?: { method: string; url: string; ifMatch?: string; ifNoneExist?: string };
  response?: { status: string; location?: string; etag?: string; outcome?: OperationOutcome };
}

export interface Bundle<R extends Resource = Resource> extends Resource {
  resourceType: 'Bundle';
  type: string;
  total?: Decimal;
  link?: { relation: string; url: string }[];
  entry?: BundleEntry<R>[];
}

export interface Issue {
  severity: string;
  code: string;
  diagnostics?: string;
  details?: CodeableConcept;
  expression?: string[];
}

export interface OperationOutcome extends Resource {
  resourceType: 'OperationOutcome';
  issue: Issue[];
}

export interface ValueSet extends Resource {
  resourceType: 'ValueSet';
  expansion?: { total?: Decimal; contains?: Coding[] };
}

export interface Coverage extends Resource {
  resourceType: 'Coverage';
  status: string;
  subscriberId?: string;
  beneficiary: Reference;
  relationship?: CodeableConcept;
  period?: Period;
  payor: Reference[];
  class?: { type: CodeableConcept; value: string; name?: string }[];
  order?: Decimal;
}

export interface RelatedPerson extends Resource {
  resourceType: 'RelatedPerson';
  active?: boolean;
  patient: Reference;
  relationship?: CodeableConcept[];
  name?: HumanName[];
  telecom?: ContactPoint[];
}

export interface Organization extends Resource {
  resourceType: 'Organization';
  name?: string;
}

export interface Consent extends Resource {
  resourceType: 'Consent';
  status: string;
  scope?: CodeableConcept;
  category?: CodeableConcept[];
  patient?: Reference;
  policyRule?: CodeableConcept;
  dateTime?: string;
  provision?: { type?: string };
}

/** The resource types that the screens know, by name. */
export interface Types {
  Patient: Patient;
  Condition: Condition;
  AllergyIntolerance: AllergyIntolerance;
  Appointment: Appointment;
  MedicationRequest: MedicationRequest;
  Observation: Observation;
  Encounter: Encounter;
  Immunization: Immunization;
  Procedure: Procedure;
  DiagnosticReport: DiagnosticReport;
  DocumentReference: DocumentReference;
  Composition: Composition;
  Flag: Flag;
  AuditEvent: AuditEvent;
  MedicationStatement: MedicationStatement;
  ServiceRequest: ServiceRequest;
  List: List;
  CarePlan: CarePlan;
  Goal: Goal;
  Task: Task;
  Communication: Communication;
  Binary: Binary;
  Practitioner: Practitioner;
  Location: Location;
  Consent: Consent;
  Coverage: Coverage;
  RelatedPerson: RelatedPerson;
  Organization: Organization;
}

export type TypeName = keyof Types;
