//! Services review: the 278 request and response, 005010X217.

/// Definitions for both tables.
pub(super) const SHARED: &str = "
define address optional
N3 S1 1R 2S
N4 S1 1R 2S 3S 4S=@country 7S

define reviewer name
NM1 R1 1R=X3 2R=1,2 3S 4S 5S 7S 8R=24,34,46,PI,XV,XX 9R

define requester name
NM1 R1 1R=1P,FA 2R=1,2 3S 4S 5S 7S 8R=24,34,46,XX 9R
REF S8 1R=1G,1J,CT,EI,N5,N7,SY,ZH 2R

define contact
PER S1 1R=IC 2S 3S=EM,FX,TE,UR 4S 5S=EM,EX,FX,TE,UR 6S 7S=EM,EX,FX,TE,UR 8S

define provider
PRV S1 1R=AD,AS,AT,OP,OR,OT,PC,PE,RF 2R=PXC 3R=@taxonomy

define subscriber name
NM1 R1 1R=IL 2R=1 3S 4S 5S 7S 8R=II,MI 9R
REF S9 1R=1L,1W,3L,6P,DP,EJ,F6,HJ,IG,N6,NQ,SY,Y4 2R
use address optional

define dependent name
NM1 R1 1R=QC 2R=1 3S 4S 5S 7S
REF S3 1R=A6,EJ,SY,Y4 2R
use address optional

define trace
TRN S3 1R=1,2 2R 3R 4S

define procedure codes
HI S1 1R 1.1R=ABF,ABJ,ABK,APR,BF,BJ,BK,LOI,PR,DR 1.2R 1.3S=D8 1.4S 2~12S 2~12.1R=ABF,ABJ,ABK,APR,BF,BJ,BK,LOI,PR,DR 2~12.2R 2~12.3S=D8 2~12.4S

define event dates
DTP S1 1R=439 2R=D8 3R
DTP S1 1R=484 2R=D8 3R
DTP S1 1R=ABC 2R=D8 3R
DTP S1 1R=431 2R=D8 3R
DTP S1 1R=AAH 2R=D8,RD8 3R
DTP S1 1R=435 2R=D8,RD8 3R
DTP S1 1R=096 2R=D8,RD8 3R
DTP S1 1R=102 2R=D8 3R
DTP S1 1R=036 2R=D8 3R
DTP S1 1R=007 2R=D8,RD8 3R

define event detail
use procedure codes
HSD S1 1S=DY,FL,HS,MN,VS 2S 3S=DA,MO,WK 4S 5S=6,7,21,22,23,24,25,26,27,28,29,30,31,32,33,34,35 6S 7S=@frequency 8S=@time
CRC S3 1R=07 2R=@yn 3R 4~7S
CRC S1 1R=08 2R=@yn 3R 4~7S
CRC S1 1R=11 2R=@yn 3R 4~7S
CRC S2 1R=09 2R=@yn 3R 4~7S
CRC S1 1R=75,76,77 2R=@yn 3R 4~7S
CL1 S1 1S 2S 3S 4S
CR1 S1 1S=LB 2S 3S 4S 5S=DH 6S 7S 8S 9S 10S
CR2 S1 1S 2S 3S 4S 5S 6S 7S 8S 9S 10S 11S 12S
CR5 S1 1S 2S 3S 4S 5S 6S 7S 8S 9S 10S 11S 12S 13S 14S 15S 16S 17S 18S
CR6 S1 1R 2R 3S 4S 5S 6S 7R 8R=1,2,3,4,I,R,S 9S 10S 11S 12S 13S 14S 15S 16S 17S 18S 19S 20S 21S
PWK S10 1R 2R=BM,EL,EM,FX,VO 5S=AC 6S 7S
MSG S1 1R

define event provider
NM1 R1 1R=71,72,73,77,AAJ,DD,DK,DN,FA,G3,P3,QB,QV,SJ 2R=1,2 3S 4S 5S 7S 8S=24,34,46,XX 9S
REF S8 1R=0B,1G,1J,EI,N5,N7,SY,ZH 2R 3S
use address optional
use contact

define transport
NM1 R1 1R=45,FS,ND,PW,R3 2R=2 3S
use address optional

define service
SV1 S1 1R 1.1R=HC,IV,N4,WK,ZZ 1.2R 1.3~6S 1.7S 1.8S 2S 3S=F2,MJ,UN 4S 5S 7S 7.1R 7.2~4S 11S 20S
SV2 S1 1S 2S 2.1R=HC,IV,N4,WK,ZZ,ID 2.2R 2.3~6S 2.7S 2.8S 3S 4S=DA,F2,UN 5S 6S 9S 10S
SV3 S1 1R 1.1R=AD 1.2R 1.3~6S 1.7S 1.8S 2S 4S 4.1R 4.2~5S 5S 6R 7S 8S
TOO S32 1R=JP 2S 3S 3.1R 3.2~5S
HSD S1 1S=DY,FL,HS,MN,VS 2S 3S=DA,MO,WK 4S 5S=6,7,21,22,23,24,25,26,27,28,29,30,31,32,33,34,35 6S 7S=@frequency 8S=@time
PWK S10 1R 2R=BM,EL,EM,FX,VO 5S=AC 6S 7S
MSG S1 1R

define service provider
NM1 R1 1R=1T,72,73,77,AAJ,DD,DK,DQ,FA,G3,P3,QB,QV,SJ 2R=1,2 3S 4S 5S 7S 8S=24,34,46,XX 9S
REF S8 1R=0B,1G,1J,EI,N5,N7,SY,ZH 2R 3S
use address optional
use contact

define rejections
AAA S9 1R=@yn 3R=04,15,33,35,36,41,42,43,44,45,46,47,48,49,50,51,52,53,54,55,56,57,58,59,60,61,62,63,64,65,66,67,68,69,70,71,72,73,74,75,76,77,78,79,80,82,83,84,85,86,87,88,89,90,91,92,93,94,95,96,97,98,99,AA,AB,AC,AD,AE,AF,AG,AH,AI,AJ,AK,AL,AM,AN,AO,AP,AQ,AR,AS,AT,BD,CI,E8,H2,I0,IA,MA,T4,T5 4S=C,G,N,P,R,S,W,X,Y

define decision
HCR S1 1R=A1,A2,A3,A4,A6,C,CT,NA 2S 3S 4S=@yn
";

/// The lines of the request.
pub(super) const REQUEST: &str = "
ST R1 1R=278 2R 3R
BHT R1 1R=0007 2R=01,13,36 3R 4R 5R 6S=RU
loop 2000A R1
  HL R1 !3 1R 3R=20 4R=1
  loop 2010A R1
    use reviewer name
  loop 2000B R1
    HL R1 !3 1R 2R 3R=21 4R=1
    loop 2010B R1
      use requester name
      use address optional
      use contact
      use provider
    loop 2000C R1
      HL R1 !3 1R 2R 3R=22 4R=1
      loop 2010C R1
        use subscriber name
        DMG S1 1R=D8 2R 3S=@gender
        INS S1 1R=Y 2R=18 8S=AO,AU,DI,FT,L1,PT,PV,RT,TE
      use event
      loop 2000D S1
        HL R1 !3 1R 2R 3R=23 4R=1
        loop 2010D R1
          use dependent name
          DMG S1 1R=D8 2R 3S=@gender
          INS S1 1R=N 2R=01,04,05,07,09,10,15,17,19,20,21,22,23,24,29,32,33,36,39,40,41,43,53,G8 17S
        use event
SE R1 1R 2R
define event
loop 2000E S*
  HL R1 !3 1R 2R 3R=EV 4R=0,1
  use trace
  UM R1 1R=AR,HS,IN,SC 2R=1,2,3,4,I,N,R,S 3S=@service 4S 4.1R 4.2R=A,B 5S 5.1S 5.2S 5.3S 5.4S 5.5S 6S=03,E,U 7S 8S 9S=M,Y 10S
  REF S1 1R=BB 2R
  REF S1 1R=NT 2R
  use event dates
  use event detail
  loop 2010EA S14
    use event provider
    use provider
  loop 2010EB S5
    use transport
  loop 2000F S*
    HL R1 !3 1R 2R 3R=SS 4R=0
    use trace
    UM S1 1R=HS,IN,SC 2R=1,2,3,4,I,N,R,S 3S=@service 4S 4.1R 4.2R=A,B
    REF S1 1R=BB 2R
    REF S1 1R=NT 2R
    DTP S1 1R=472 2R=D8,RD8 3R
    use service
    loop 2010F S12
      use service provider
      use provider
";

/// The lines of the response.
pub(super) const RESPONSE: &str = "
ST R1 1R=278 2R 3R
BHT R1 1R=0007 2R=11 3R 4R 5R 6R=18,19,AT,RU
loop 2000A R1
  HL R1 !3 1R 3R=20 4R=0,1
  use rejections
  loop 2010A R1
    use reviewer name
    PER S1 1R=IC 2S 3S=EM,FX,TE,UR 4S 5S=EM,EX,FX,TE,UR 6S 7S=EM,EX,FX,TE,UR 8S
    use rejections
  loop 2000B S1
    HL R1 !3 1R 2R 3R=21 4R=0,1
    loop 2010B R1
      use requester name
      use rejections
      use provider
    loop 2000C S1
      HL R1 !3 1R 2R 3R=22 4R=0,1
      loop 2010C R1
        use subscriber name
        use rejections
        DMG S1 1R=D8 2R 3S=@gender
        INS S1 1R=Y 2R=18 8S=AO,AU,DI,FT,L1,PT,PV,RT,TE
      use event
      loop 2000D S1
        HL R1 !3 1R 2R 3R=23 4R=0,1
        loop 2010D R1
          use dependent name
          use rejections
          DMG S1 1R=D8 2R 3S=@gender
          INS S1 1R=N 2R=01,04,05,07,09,10,15,17,19,20,21,22,23,24,29,32,33,36,39,40,41,43,53,G8 17S
        use event
SE R1 1R 2R
define event
loop 2000E S*
  HL R1 !3 1R 2R 3R=EV 4R=0,1
  use trace
  use rejections
  UM R1 1R=AR,HS,IN,SC 2R=1,2,3,4,I,N,R,S 3S=@service 4S 4.1R 4.2R=A,B 5S 5.1S 5.2S 5.3S 5.4S 5.5S 6S=03,E,U 7S 8S 9S=M,Y 10S
  use decision
  REF S1 1R=BB 2R
  REF S1 1R=NT 2R
  use event dates
  use event detail
  loop 2010EA S14
    use event provider
    use rejections
    use provider
  loop 2010EB S5
    use transport
  loop 2000F S*
    HL R1 !3 1R 2R 3R=SS 4R=0
    use trace
    use rejections
    UM S1 1R=HS,IN,SC 2R=1,2,3,4,I,N,R,S 3S=@service 4S 4.1R 4.2R=A,B
    use decision
    REF S1 1R=BB 2R
    REF S1 1R=NT 2R
    DTP S1 1R=472 2R=D8,RD8 3R
    use service
    loop 2010F S12
      use service provider
      use rejections
      use provider
";
