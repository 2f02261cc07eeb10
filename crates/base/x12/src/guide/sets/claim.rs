//! What the professional and the institutional claim have in common: parties and other payers.

/// Definitions for `use` in both claim tables.
pub(super) const SHARED: &str = "
define header
ST R1 1R=837 2R 3R
BHT R1 1R=0019 2R=00,18 3R 4R 5R 6R=31,CH,RP
loop 1000A R1
  NM1 R1 1R=41 2R=1,2 3R 4S 5S 8R=46 9R
  use contacts
loop 1000B R1
  NM1 R1 1R=40 2R=2 3R 8R=46 9R

define contacts
PER R2 1R=IC 2S 3R=EM,FX,TE 4R 5S=EM,EX,FX,TE 6S 7S=EM,EX,FX,TE 8S

define address
N3 R1 1R 2S
N4 R1 1R 2S 3S 4S=@country 7S

define address optional
N3 S1 1R 2S
N4 S1 1R 2S 3S 4S=@country 7S

define billing
HL R1 !3 1R 3R=20 4R=1
PRV S1 1R=BI 2R=PXC 3R=@taxonomy
CUR S1 1R=85 2R=@currency

define pay-to plan
loop 2010AC S1
  NM1 R1 1R=PE 2R=2 3R 8R=PI,XV 9R
  use address
  REF S1 1R=2U,FY,NF 2R
  REF R1 1R=EI 2R=@ein

define subscriber name
NM1 R1 1R=IL 2R=1,2 3R 4S 5S 7S 8S=II,MI 9S
use address optional
DMG S1 1R=D8 2R 3R=@gender
REF S1 1R=SY 2R=@ssn
REF S1 1R=Y4 2R

define payer
loop 2010BB R1
  NM1 R1 1R=PR 2R=2 3R 8R=PI,XV 9R
  use address optional
  REF S3 1R=2U,EI,FY,NF 2R

define patient name
NM1 R1 1R=QC 2R=1 3R 4S 5S 7S
use address
DMG R1 1R=D8 2R 3R=@gender
REF S1 1R=Y4 2R
REF S1 1R=1W,SY 2R

define attachments
PWK S10 1R=03,04,05,06,07,08,09,10,11,13,15,21,A3,A4,AM,AS,B2,B3,B4,BR,BS,BT,CB,CK,CT,D2,DA,DB,DG,DJ,DS,EB,HC,HR,I5,IR,LA,M1,MT,NN,OB,OC,OD,OE,OX,OZ,P4,P5,PE,PN,PO,PQ,PY,PZ,RB,RR,RT,RX,SG,V5,XP 2R=AA,BM,EL,EM,FT,FX 5S=AC 6S

define adjustment
CAS S5 1R=CO,CR,OA,PI,PR 2R=@carc 3R 4S 5S=@carc 6S 7S 8S=@carc 9S 10S 11S=@carc 12S 13S 14S=@carc 15S 16S 17S=@carc 18S 19S

define other subscriber payments
use adjustment
AMT S1 1R=D 2R
AMT S1 1R=A8 2R
AMT S1 1R=EAF 2R

define other subscriber name
loop 2330A R1
  NM1 R1 1R=IL 2R=1,2 3R 4S 5S 7S 8R=II,MI 9R
  use address optional

define other payer
loop 2330B R1
  NM1 R1 1R=PR 2R=2 3R 8R=PI,XV 9R
  use address optional
  DTP S1 1R=573 2R=D8 3R
  REF S2 1R=2U,EI,FY,NF 2R
  REF S1 1R=G1 2R
  REF S1 1R=9F 2R
  REF S1 1R=T4 2R=Y
  REF S1 1R=F8 2R

define drug quantity
CTP R1 4R 5R 5.1R=F2,GR,ME,ML,UN
REF S1 1R=VY,XZ 2R
";
