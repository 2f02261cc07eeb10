//! The function table: every function with its name and argument counts.
//!
//! Names are resolved once, when the expression is parsed; evaluation matches on an enum.

/// What a function works on, which is also where it is implemented.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Group {
    /// Arguments are evaluated anew for every item.
    Lambda,
    Collection,
    Text,
    Regex,
    Math,
    Conversion,
    Temporal,
    Boundary,
    Type,
    /// What FHIR adds.
    Fhir,
}

macro_rules! functions {
    ($($variant:ident $name:literal $min:literal $max:literal $group:ident,)*) => {
        /// A function of FHIRPath or of its FHIR extension.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(crate) enum Function { $($variant,)* }

        /// Name, function, least and greatest number of arguments, sorted by name.
        const TABLE: &[(&str, Function, u8, u8)] = &[$(($name, Function::$variant, $min, $max),)*];

        impl Function {
            /// The name as written.
            pub(crate) const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            /// The part of the evaluator that knows the function.
            pub(crate) const fn group(self) -> Group {
                match self { $(Self::$variant => Group::$group,)* }
            }
        }
    };
}

functions! {
    Abs "abs" 0 0 Math,
    Aggregate "aggregate" 1 2 Lambda,
    All "all" 1 1 Lambda,
    AllFalse "allFalse" 0 0 Collection,
    AllTrue "allTrue" 0 0 Collection,
    AnyFalse "anyFalse" 0 0 Collection,
    AnyTrue "anyTrue" 0 0 Collection,
    Ceiling "ceiling" 0 0 Math,
    CheckModifiers "checkModifiers" 0 255 Fhir,
    Children "children" 0 0 Collection,
    Coalesce "coalesce" 1 255 Lambda,
    Combine "combine" 1 2 Collection,
    Comparable "comparable" 1 1 Temporal,
    ConformsTo "conformsTo" 1 1 Fhir,
    Contains "contains" 1 1 Text,
    ConvertsToBoolean "convertsToBoolean" 0 0 Conversion,
    ConvertsToDate "convertsToDate" 0 0 Conversion,
    ConvertsToDateTime "convertsToDateTime" 0 0 Conversion,
    ConvertsToDecimal "convertsToDecimal" 0 0 Conversion,
    ConvertsToInteger "convertsToInteger" 0 0 Conversion,
    ConvertsToLong "convertsToLong" 0 0 Conversion,
    ConvertsToQuantity "convertsToQuantity" 0 1 Conversion,
    ConvertsToString "convertsToString" 0 0 Conversion,
    ConvertsToTime "convertsToTime" 0 0 Conversion,
    Count "count" 0 0 Collection,
    DateOf "dateOf" 0 0 Temporal,
    DayOf "dayOf" 0 0 Temporal,
    Decode "decode" 1 1 Text,
    DefineVariable "defineVariable" 1 2 Lambda,
    Descendants "descendants" 0 0 Collection,
    Distinct "distinct" 0 0 Collection,
    ElementDefinition "elementDefinition" 0 0 Fhir,
    Empty "empty" 0 0 Collection,
    Encode "encode" 1 1 Text,
    EndsWith "endsWith" 1 1 Text,
    Escape "escape" 1 1 Text,
    Exclude "exclude" 1 1 Collection,
    Exists "exists" 0 1 Lambda,
    Exp "exp" 0 0 Math,
    Extension "extension" 1 1 Fhir,
    First "first" 0 0 Collection,
    Floor "floor" 0 0 Math,
    GetValue "getValue" 0 0 Fhir,
    HasValue "hasValue" 0 0 Fhir,
    HighBoundary "highBoundary" 0 1 Boundary,
    HourOf "hourOf" 0 0 Temporal,
    HtmlChecks "htmlChecks" 0 0 Fhir,
    Iif "iif" 2 3 Lambda,
    IndexOf "indexOf" 1 1 Text,
    Intersect "intersect" 1 1 Collection,
    IsDistinct "isDistinct" 0 0 Collection,
    Join "join" 0 1 Text,
    Last "last" 0 0 Collection,
    LastIndexOf "lastIndexOf" 1 1 Text,
    Length "length" 0 0 Text,
    Ln "ln" 0 0 Math,
    Log "log" 1 1 Math,
    LowBoundary "lowBoundary" 0 1 Boundary,
    Lower "lower" 0 0 Text,
    Matches "matches" 1 2 Regex,
    MatchesFull "matchesFull" 1 2 Regex,
    MemberOf "memberOf" 1 1 Fhir,
    MillisecondOf "millisecondOf" 0 0 Temporal,
    MinuteOf "minuteOf" 0 0 Temporal,
    MonthOf "monthOf" 0 0 Temporal,
    Not "not" 0 0 Collection,
    Now "now" 0 0 Temporal,
    Power "power" 1 1 Math,
    Precision "precision" 0 0 Temporal,
    Repeat "repeat" 1 1 Lambda,
    RepeatAll "repeatAll" 1 1 Lambda,
    Replace "replace" 2 2 Text,
    ReplaceMatches "replaceMatches" 2 3 Regex,
    Resolve "resolve" 0 0 Fhir,
    Round "round" 0 1 Math,
    SecondOf "secondOf" 0 0 Temporal,
    Select "select" 1 1 Lambda,
    Single "single" 0 0 Collection,
    Skip "skip" 1 1 Collection,
    Slice "slice" 2 2 Fhir,
    Sort "sort" 0 255 Lambda,
    Split "split" 1 1 Text,
    Sqrt "sqrt" 0 0 Math,
    StartsWith "startsWith" 1 1 Text,
    SubsetOf "subsetOf" 1 1 Collection,
    Substring "substring" 1 2 Text,
    SubsumedBy "subsumedBy" 1 1 Fhir,
    Subsumes "subsumes" 1 1 Fhir,
    SupersetOf "supersetOf" 1 1 Collection,
    Tail "tail" 0 0 Collection,
    Take "take" 1 1 Collection,
    TimeOf "timeOf" 0 0 Temporal,
    TimeOfDay "timeOfDay" 0 0 Temporal,
    TimezoneOffsetOf "timezoneOffsetOf" 0 0 Temporal,
    ToBoolean "toBoolean" 0 0 Conversion,
    ToChars "toChars" 0 0 Text,
    ToDate "toDate" 0 0 Conversion,
    ToDateTime "toDateTime" 0 0 Conversion,
    ToDecimal "toDecimal" 0 0 Conversion,
    ToInteger "toInteger" 0 0 Conversion,
    ToLong "toLong" 0 0 Conversion,
    ToQuantity "toQuantity" 0 1 Conversion,
    ToString "toString" 0 0 Conversion,
    ToTime "toTime" 0 0 Conversion,
    Today "today" 0 0 Temporal,
    Trace "trace" 1 2 Lambda,
    Trim "trim" 0 0 Text,
    Truncate "truncate" 0 0 Math,
    Type "type" 0 0 Type,
    Unescape "unescape" 1 1 Text,
    Union "union" 1 1 Collection,
    Upper "upper" 0 0 Text,
    Where "where" 1 1 Lambda,
    YearOf "yearOf" 0 0 Temporal,
}

impl Function {
    /// The function called `name` and how many arguments it takes.
    pub(crate) fn lookup(name: &str) -> Option<(Self, std::ops::RangeInclusive<usize>)> {
        let index = TABLE.binary_search_by(|entry| entry.0.cmp(name)).ok()?;
        let (_, function, least, greatest) = TABLE[index];
        Some((function, usize::from(least)..=usize::from(greatest)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_function_is_found_by_its_name() {
        for (name, function, ..) in TABLE {
            assert_eq!(
                Function::lookup(name).map(|f| f.0),
                Some(*function),
                "{name}"
            );
            assert_eq!(function.name(), *name);
        }
        assert!(Function::lookup("nope").is_none());
    }
}
