//! Eligibility: the inquiry 270 and the response 271, 005010X279A1.

/// Definitions for both tables.
pub(super) const SHARED: &str = "
define address optional
N3 S1 1R 2S
N4 S1 1R 2S 3S 4S=@country 7S

define source name
NM1 R1 1R=2B,36,GP,P5,PR 2R=1,2 3R 4S 5S 7S 8R=24,46,FI,NI,PI,XV,XX 9R

define receiver name
NM1 R1 1R=1P,2B,36,80,FA,GP,P5,PR 2R=1,2 3R 4S 5S 7S 8R=24,34,FI,PI,PP,SV,XV,XX 9R
REF S9 1R=0B,1C,1D,1J,4A,CT,EL,EO,HPI,JD,N5,N7,Q4,SY,TJ 2R 3S

define receiver provider
PRV S1 1R=AD,AT,BI,CO,CV,H,HH,LA,OT,P1,P2,PC,PE,R,RF,SB,SK,SU 2S=PXC 3S=@taxonomy

define person references asked
REF S9 1R=18,1L,1W,3H,6P,CT,EA,EJ,F6,GH,HJ,IF,IG,MRC,N6,NQ,SY,Y4 2R
use address optional

define person references
REF S9 1R=18,1L,1W,3H,49,6P,CE,CT,EA,EJ,F6,GH,HJ,IF,IG,M7,ML,MRC,N6,NQ,Q4,SY,Y4 2R 3S
use address optional

define person provider
PRV S1 1R=AD,AT,BI,CO,CV,H,HH,LA,OT,P1,P2,PC,PE,R,RF,SB,SK,SU 2S=9K,D3,EI,HPI,PXC,SY,TJ 3S

define diagnoses
HI S1 1R 1.1R=ABK,BK 1.2R 2~8S 2~8.1R=ABF,BF 2~8.2R

define inquiry
EQ R1 1S^99=@service 2S 2.1R=AD,CJ,HC,ID,IV,N4,ZZ 2.2R 2.3~6S 3S=FAM 5S 5.1R 5.2~4S
AMT S1 1R=R 2R
AMT S1 1R=PB 2R
III S1 1R=ZZ 2R=@pos
REF S1 1R=9F,G1 2R
DTP S1 1R=291 2R=D8,RD8 3R

define source contacts
PER S3 1R=IC 2S 3S=ED,EM,FX,TE,UR 4S 5S=ED,EM,EX,FX,TE,UR 6S 7S=ED,EM,EX,FX,TE,UR 8S

define contacts
PER S3 1R=IC 2S 3S=ED,EM,FX,TE,UR,WP 4S 5S=ED,EM,EX,FX,TE,UR,WP 6S 7S=ED,EM,EX,FX,TE,UR,WP 8S

define person dates
DTP S9 1R=096,102,152,291,307,318,340,341,342,343,346,347,356,357,382,435,442,458,472,539,540,636,771 2R=D8,RD8 3R
MPI S1 1R=A,C,L,O,P,S,T 2R=AE,AO,AS,AT,AU,CC,DD,HD,IR,LX,PE,RE,RM,RR,RU 3R=A,B,C,D,E,F,G,H,I,J,K,L,M,N,O,Q,R,S,U,W 4S 5S=A1,A2,A3,B1,B2,C1,C2,C3,C4,C5,C6,C7,C8,C9,E1,F1,F2,F3,F4,G1,G4,L1,L2,L3,L4,L5,L6,M1,M2,M3,M4,M5,M6,P1,P2,P3,P4,P5,R1,R2,S1,S2,S3,S4,S5,S6,S7,S8,S9,SA,SB,SC,T1,V1,W1 6S=D8,RD8 7S

define subscriber rejections
AAA S9 1R=@yn 3R=15,35,42,43,45,47,48,49,51,52,56,57,58,60,61,62,63,71,72,73,74,75,76,78 4R=C,N,R,S,W,X,Y

define dependent rejections
AAA S9 1R=@yn 3R=15,35,42,43,45,47,48,49,51,52,56,57,58,60,61,62,63,64,65,66,67,68,71,77 4R=C,N,R,S,W,X,Y

define benefit
EB R1 1R=1,2,3,4,5,6,7,8,A,B,C,CB,D,E,F,G,H,I,J,K,L,M,MC,N,O,P,Q,R,S,T,U,V,W,X,Y 2S=CHD,DEP,ECH,EMP,ESP,FAM,IND,SPC,SPO 3S^99=@service 4S=12,13,14,15,16,41,42,43,47,AP,C1,CO,CP,D,DB,EP,FF,GP,HM,HN,HS,IN,IP,LC,LD,LI,LT,MA,MB,MC,MH,MI,MP,OT,PE,PL,PP,PR,PS,QM,RP,SP,TF,WC,WU 5S 6S=6,7,13,21,22,23,24,25,26,27,28,29,30,31,32,33,34,35,36 7S 8S 9S=8H,99,CA,CE,D3,DB,DY,HS,LA,LE,M2,MN,P6,QA,S7,S8,VS,YY 10S 11S=N,U,Y 12S=N,U,W,Y 13S 13.1R=AD,CJ,HC,ID,IV,N4,ZZ 13.2R 13.3~6S 13.8S 14S 14.1R 14.2~4S
HSD S9 1S=DY,FL,HS,MN,VS 2S 3S=DA,MO,VS,WK,YR 4S 5S=6,7,21,22,23,24,25,26,27,28,29,30,31,32,33,34,35 6S 7S=@frequency 8S=@time
REF S9 1R=18,1L,1W,49,6P,9F,ALS,CLI,F6,FO,G1,IG,M7,N6,NQ 2R 3S
DTP S20 1R=096,193,194,198,290,291,292,295,304,307,318,346,348,349,356,357,435,472,636,771 2R=D8,RD8 3R
AAA S9 1R=@yn 3R=15,33,52,53,54,55,56,57,60,61,62,63,69,70,98,AA,AE,AF,AG,AO,CI,E8,IA,MA 4R=C,N,R,W,X,Y
MSG S10 1R

define benefit related
III R1 1S=GR,NI,ZZ 2S 3S=44 4S

define related entity
NM1 R1 1R=13,1I,1P,2B,36,73,FA,GP,GW,I3,IL,LR,OC,P3,P4,P5,PR,PRP,SEP,TTP,VER,VN,VY,X3,Y2 2R=1,2 3S 4S 5S 7S 8S=24,34,46,FA,FI,II,MI,NI,PI,PP,SV,XV,XX 9S 10S=01,02,27,41,48,65,72
use address optional
use contacts
PRV S1 1R=AD,AT,BI,CO,CV,H,HH,LA,OT,P1,P2,PC,PE,R,RF,SK,SU 2S=PXC 3S=@taxonomy
";

/// The lines of the 270.
pub(super) const INQUIRY: &str = "
ST R1 1R=270 2R 3R
BHT R1 1R=0022 2R=01,13 3S 4R 5R 6S=RT
loop 2000A R*
  HL R1 !3 1R 3R=20 4R=1
  loop 2100A R1
    use source name
  loop 2000B R*
    HL R1 !3 1R 2R 3R=21 4R=1
    loop 2100B R1
      use receiver name
      use address optional
      use receiver provider
    loop 2000C R*
      HL R1 !3 1R 2R 3R=22 4R=0,1
      TRN S2 1R=1 2R 3R 4S
      loop 2100C R1
        NM1 R1 1R=IL 2R=1 3S 4S 5S 7S 8S=II,MI 9S
        use person references asked
        use person provider
        DMG S1 1S=D8 2S 3S=F,M
        INS S1 1R=Y 2R=18 17S
        use diagnoses
        DTP S2 1R=102,291 2R=D8,RD8 3R
        loop 2110C S99
          use inquiry
      loop 2000D S*
        HL R1 !3 1R 2R 3R=23 4R=0
        TRN S2 1R=1 2R 3R 4S
        loop 2100D R1
          NM1 R1 1R=03 2R=1 3S 4S 5S 7S
          use person references asked
          use person provider
          DMG S1 1S=D8 2S 3S=F,M
          INS S1 1R=N 2R=01,19,34 17S
          use diagnoses
          DTP S2 1R=102,291 2R=D8,RD8 3R
          loop 2110D R99
            use inquiry
SE R1 1R 2R
";

/// The lines of the 271.
pub(super) const RESPONSE: &str = "
ST R1 1R=271 2R 3R
BHT R1 1R=0022 2R=06,11 3S 4R 5R
loop 2000A R*
  HL R1 !3 1R 3R=20 4R=0,1
  AAA S9 1R=@yn 3R=04,41,42,79 4R=C,N,P,R,S,Y
  loop 2100A R1
    use source name
    use source contacts
    AAA S9 1R=@yn 3R=04,41,42,79,80,T4 4R=C,N,P,R,S,W,X,Y
  loop 2000B S*
    HL R1 !3 1R 2R 3R=21 4R=0,1
    loop 2100B R1
      use receiver name
      use address optional
      AAA S9 1R=@yn 3R=15,41,43,44,45,46,47,48,50,51,79,97,T4 4R=C,N,R,S,W,X,Y
      use receiver provider
    loop 2000C S*
      HL R1 !3 1R 2R 3R=22 4R=0,1
      TRN S3 1R=1,2 2R 3R 4S
      loop 2100C R1
        NM1 R1 1R=IL 2R=1,2 3S 4S 5S 7S 8S=II,MI 9S
        use person references
        use subscriber rejections
        use person provider
        DMG S1 1S=D8 2S 3S=@gender
        INS S1 1R=Y 2R=18 3S=001 4S=25 17S
        use diagnoses
        use person dates
        loop 2110C S*
          use benefit
          loop 2115C S10
            use benefit related
          LS S1 1R=2120
          loop 2120C S23
            use related entity
          LE S1 1R=2120
      loop 2000D S*
        HL R1 !3 1R 2R 3R=23 4R=0
        TRN S3 1R=1,2 2R 3R 4S
        loop 2100D R1
          NM1 R1 1R=03 2R=1 3S 4S 5S 7S
          use person references
          use dependent rejections
          use person provider
          DMG S1 1S=D8 2S 3S=@gender
          INS S1 1R=N 2R=01,19,20,21,39,40,53,G8 3S=001 4S=25 17S
          use diagnoses
          use person dates
          loop 2110D S*
            use benefit
            loop 2115D S10
              use benefit related
            LS S1 1R=2120
            loop 2120D S23
              use related entity
            LE S1 1R=2120
SE R1 1R 2R
";
