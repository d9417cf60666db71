//! Numbers as Go prints them.

/// `strconv.FormatFloat(value, 'g', -1, 64)`: the shortest digits, with an exponent below -4 and
/// from 6 on.
pub(super) fn yaml_float(value: f64) -> String {
    shortest(value, 6)
}

/// `fmt.Sprintf("%v", value)`: as above, with an exponent from 21 on.
pub(crate) fn go_float(value: f64) -> String {
    shortest(value, 21)
}

fn shortest(value: f64, threshold: i32) -> String {
    let scientific = format!("{value:e}");
    let Some((mantissa, exponent)) = scientific.split_once('e') else { return scientific };
    let exponent: i32 = exponent.parse().unwrap_or(0);
    if exponent < -4 || exponent >= threshold {
        let sign = if exponent < 0 { '-' } else { '+' };
        return format!("{mantissa}e{sign}{:02}", exponent.unsigned_abs());
    }
    format!("{value}")
}

#[cfg(test)]
mod tests {
    use super::{go_float, yaml_float};

    #[test]
    fn floats_read_as_in_go() {
        assert_eq!(yaml_float(0.5), "0.5");
        assert_eq!(yaml_float(0.000_001), "1e-06");
        assert_eq!(yaml_float(1_234_567.5), "1.2345675e+06");
        assert_eq!(go_float(1_234_567.5), "1234567.5");
        assert_eq!(go_float(1e21), "1e+21");
        assert_eq!(go_float(-12.25), "-12.25");
    }
}
