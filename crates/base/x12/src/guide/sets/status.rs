//! Claim status: the request 276 and response 277 (005010X212), and the claim acknowledgment
//! 277CA (005010X214).

/// Definitions for the three tables.
pub(super) const SHARED: &str = "
define claim request
TRN R1 1R=1 2R
REF S1 1R=1K 2R
REF S1 1R=BLT 2R
REF S1 1R=LU 2R
REF S1 1R=6P 2R
REF S1 1R=EJ 2R
REF S1 1R=XZ 2R
REF S1 1R=D9 2R
AMT S1 1R=T3 2R
DTP S1 1R=472 2R=D8,RD8 3R

define line request
SVC R1 1R 1.1R=AD,ER,HC,HP,IV,N4,NU,WK 1.2R 1.3~6S 2R 4S=@revenue 7S
REF S1 1R=FJ 2R
DTP R1 1R=472 2R=D8,RD8 3R

define group status
STC R* 1R 1.1R=@category 1.2R=@status 1.3S=@entity 2R 10S 10.1R=@category 10.2R=@status 10.3S=@entity 11S 11.1R=@category 11.2R=@status 11.3S=@entity

define claim status
TRN R1 1R=2 2R
STC R* 1R 1.1R=@category 1.2R=@status 1.3S=@entity 1.4S=RX 2R 4S 5S 6S 8S 9S 10S 10.1R=@category 10.2R=@status 10.3S=@entity 10.4S=RX 11S 11.1R=@category 11.2R=@status 11.3S=@entity 11.4S=RX
REF S1 1R=1K 2R
REF S1 1R=BLT 2R
REF S1 1R=EJ 2R
REF S1 1R=XZ 2R
REF S1 1R=VV 2R
REF S1 1R=D9 2R
DTP S1 1R=472 2R=D8,RD8 3R

define line status
SVC R1 1R 1.1R=AD,ER,HC,HP,IV,N4,NU,WK 1.2R 1.3~6S 2R 3R 4S=@revenue 7R
STC R* 1R 1.1R=@category 1.2R=@status 1.3S=@entity 1.4S=RX 2R 10S 10.1R=@category 10.2R=@status 10.3S=@entity 10.4S=RX 11S 11.1R=@category 11.2R=@status 11.3S=@entity 11.4S=RX
REF S1 1R=FJ 2R
DTP R1 1R=472 2R=D8,RD8 3R
";

/// The lines of the 276.
pub(super) const REQUEST: &str = "
ST R1 1R=276 2R 3R
BHT R1 1R=0010 2R=13 3R 4R 5R
loop 2000A R*
  HL R1 !3 1R 3R=20 4R=1
  loop 2100A R1
    NM1 R1 1R=PR 2R=2 3R 8R=PI,XV 9R
  loop 2000B R*
    HL R1 !3 1R 2R 3R=21 4R=1
    loop 2100B R1
      NM1 R1 1R=41 2R=1,2 3S 4S 5S 8R=46 9R
    loop 2000C R*
      HL R1 !3 1R 2R 3R=19 4R=1
      loop 2100C R2
        NM1 R1 1R=1P 2R=1,2 3S 4S 5S 7S 8R=FI,SV,XX 9R
      loop 2000D R*
        HL R1 !3 1R 2R 3R=22 4R=0,1
        DMG S1 1R=D8 2R 3S=F,M
        loop 2100D R1
          NM1 R1 1R=IL 2R=1,2 3R 4S 5S 7S 8R=24,II,MI 9R
        loop 2200D S*
          use claim request
          loop 2210D S*
            use line request
        loop 2000E S*
          HL R1 !3 1R 2R 3R=23
          DMG R1 1R=D8 2R 3S=F,M
          loop 2100E R1
            NM1 R1 1R=QC 2R=1 3R 4S 5S 7S
          loop 2200E R*
            use claim request
            loop 2210E S*
              use line request
SE R1 1R 2R
";

/// The lines of the 277.
pub(super) const RESPONSE: &str = "
ST R1 1R=277 2R 3R
BHT R1 1R=0010 2R=08 3R 4R 5R 6R=DG
loop 2000A R*
  HL R1 !3 1R 3R=20 4R=1
  loop 2100A R1
    NM1 R1 1R=PR 2R=2 3R 8R=PI,XV 9R
    PER S1 1R=IC 2S 3R=ED,EM,FX,TE 4R 5S=ED,EM,EX,FX,TE 6S 7S=EM,EX,FX,TE 8S
  loop 2000B R*
    HL R1 !3 1R 2R 3R=21 4R=0,1
    loop 2100B R1
      NM1 R1 1R=41 2R=1,2 3S 4S 5S 8R=46 9R
    loop 2200B S1
      TRN R1 1R=2 2R
      use group status
    loop 2000C S*
      HL R1 !3 1R 2R 3R=19 4R=0,1
      loop 2100C R2
        NM1 R1 1R=1P 2R=1,2 3S 4S 5S 7S 8R=FI,SV,XX 9R
      loop 2200C S1
        TRN R1 1R=1 2R
        use group status
      loop 2000D S*
        HL R1 !3 1R 2R 3R=22 4R=0,1
        loop 2100D R1
          NM1 R1 1R=IL 2R=1,2 3R 4S 5S 7S 8R=24,II,MI 9R
        loop 2200D S*
          use claim status
          loop 2220D S*
            use line status
        loop 2000E S*
          HL R1 !3 1R 2R 3R=23
          loop 2100E R1
            NM1 R1 1R=QC 2R=1 3R 4S 5S 7S
          loop 2200E R*
            use claim status
            loop 2220E S*
              use line status
SE R1 1R 2R
";

/// The lines of the 277CA.
pub(super) const CLAIM_ACKNOWLEDGMENT: &str = "
ST R1 1R=277 2R 3R
BHT R1 1R=0085 2R=08 3R 4R 5R 6R=TH
loop 2000A R1
  HL R1 !3 1R 3R=20 4R=1
  loop 2100A R1
    NM1 R1 1R=AY,PR 2R=2 3R 8R=46,FI,PI,XV 9R
  loop 2200A R1
    TRN R1 1R=1 2R
    DTP R1 1R=050 2R=D8 3R
    DTP R1 1R=009 2R=D8 3R
  loop 2000B R1
    HL R1 !3 1R 2R 3R=21 4R=0,1
    loop 2100B R1
      NM1 R1 1R=41 2R=1,2 3R 4S 5S 8R=46 9R
    loop 2200B R1
      TRN R1 1R=2 2R
      STC R* 1R 1.1R=@category 1.2R=@status 1.3S=@batch-entity 2R 3R=U,WQ 4R 10S 10.1R=@category 10.2R=@status 10.3S=@batch-entity 11S 11.1R=@category 11.2R=@status 11.3S=@batch-entity
      QTY S1 1R=90 2R
      QTY S1 1R=AA 2R
      AMT S1 1R=YU 2R
      AMT S1 1R=YY 2R
    loop 2000C S*
      HL R1 !3 1R 2R 3R=19 4R=0,1
      loop 2100C R*
        NM1 R1 1R=85 2R=1,2 3R 4S 5S 7S 8R=FI,SV,XX 9R
      loop 2200C S1
        TRN R1 1R=1 2R
        STC S* 1R 1.1R=@category 1.2R=@status 1.3S=@provider-entity 3R=U,WQ 4R 10S 10.1R=@category 10.2R=@status 10.3S=@provider-entity 11S 11.1R=@category 11.2R=@status 11.3S=@provider-entity
        REF S3 1R=0B,1G,G2,LU,SY,TJ 2R
        QTY S1 1R=QA 2R
        QTY S1 1R=QC 2R
        AMT S1 1R=YU 2R
        AMT S1 1R=YY 2R
      loop 2000D S*
        HL R1 !3 1R 2R 3R=PT
        loop 2100D R1
          NM1 R1 1R=QC 2R=1 3R 4S 5S 7S 8R=II,MI 9R
        loop 2200D R*
          TRN R1 1R=2 2R
          STC R* 1R 1.1R=@category 1.2R=@status 1.3S=@claim-entity 2R 3R=U,WQ 4R 10S 10.1R=@category 10.2R=@status 10.3S=@claim-entity 11S 11.1R=@category 11.2R=@status 11.3S=@claim-entity 12S
          REF S1 1R=1K 2R
          REF S1 1R=D9 2R
          REF S1 1R=BLT 2R
          DTP R1 1R=472 2R=D8,RD8 3R
          loop 2220D S*
            SVC R1 1R 1.1R=AD,ER,HC,HP,IV,NU,WK 1.2R 1.3~6S 2R 4S=@revenue 7S
            STC R* 1R 1.1R=@category 1.2R=@status 1.3S=@claim-entity 2S 3R=U 10S 10.1R=@category 10.2R=@status 10.3S=@claim-entity 11S 11.1R=@category 11.2R=@status 11.3S=@claim-entity 12S
            REF S1 1R=FJ 2R
            REF S1 1R=XZ 2R
            DTP S1 1R=472 2R=D8,RD8 3R
SE R1 1R 2R
";
