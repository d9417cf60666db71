//! Which types fit which (`cel-go/checker/types.go`).

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::types::Type;

/// What the free variables stand for.
#[derive(Debug, Clone, Default)]
pub(crate) struct Mapping {
    of: BTreeMap<Arc<str>, Type>,
}

impl Mapping {
    pub(crate) fn add(&mut self, name: &Arc<str>, ty: Type) {
        self.of.insert(Arc::clone(name), ty);
    }

    fn find(&self, ty: &Type) -> Option<Type> {
        match ty {
            Type::Param(name) => self.of.get(name).cloned(),
            _ => None,
        }
    }

    /// `isAssignable`: keeps what it learned only when it holds.
    pub(crate) fn assign(&mut self, one: &Type, other: &Type) -> bool {
        self.assign_all(std::slice::from_ref(one), std::slice::from_ref(other))
    }

    /// `isAssignableList`.
    pub(crate) fn assign_all(&mut self, ones: &[Type], others: &[Type]) -> bool {
        let mut copy = self.clone();
        let ones: Vec<&Type> = ones.iter().collect();
        let others: Vec<&Type> = others.iter().collect();
        let fits = copy.fits_all(&ones, &others);
        if fits {
            *self = copy;
        }
        fits
    }

    fn fits_all(&mut self, ones: &[&Type], others: &[&Type]) -> bool {
        ones.len() == others.len()
            && ones.iter().zip(others).all(|(one, other)| self.fits(one, other))
    }

    /// `internalIsAssignable`.
    fn fits(&mut self, one: &Type, other: &Type) -> bool {
        if matches!(other, Type::Param(_)) {
            match self.substitutes(one, other) {
                (true, _) => return true,
                (false, true) => return false,
                (false, false) => {}
            }
        }
        if matches!(one, Type::Param(_)) {
            return self.substitutes(other, one).0;
        }
        if one.is_dyn_or_error() || other.is_dyn_or_error() {
            return true;
        }
        if *one == Type::Null || *other == Type::Null {
            let rest = if *one == Type::Null { other } else { one };
            return matches!(
                rest,
                Type::Null | Type::Opaque(..) | Type::Record(_) | Type::Duration | Type::Timestamp
            );
        }
        match (one, other) {
            (Type::Kind(_), Type::Kind(_)) => true,
            (Type::Opaque(one_name, _), Type::Opaque(other_name, _)) => {
                one_name == other_name && self.fits_all(&one.parameters(), &other.parameters())
            }
            (Type::List(_), Type::List(_)) | (Type::Map(_), Type::Map(_)) => {
                self.fits_all(&one.parameters(), &other.parameters())
            }
            _ => one == other,
        }
    }

    /// `isValidTypeSubstitution`.
    fn substitutes(&mut self, ty: &Type, variable: &Type) -> (bool, bool) {
        if ty == variable {
            return (true, true);
        }
        let Type::Param(name) = variable else { return (false, false) };
        if let Some(known) = self.find(variable) {
            if *ty == known {
                return (true, true);
            }
            if self.fits(ty, &known) {
                let general = most_general(ty, &known);
                if self.absent(variable, &general) {
                    self.add(name, general);
                }
                return (true, true);
            }
            return (false, true);
        }
        if self.absent(variable, ty) {
            self.add(name, ty.clone());
            return (true, false);
        }
        (false, false)
    }

    /// `notReferencedIn`.
    fn absent(&self, ty: &Type, within: &Type) -> bool {
        if ty == within {
            return false;
        }
        match within {
            Type::Param(_) => self.find(within).is_none_or(|known| self.absent(ty, &known)),
            other => other.parameters().into_iter().all(|one| self.absent(ty, one)),
        }
    }

    /// `substitute`.
    pub(crate) fn resolve(&self, ty: &Type, free_to_dyn: bool) -> Type {
        if let Some(known) = self.find(ty) {
            return self.resolve(&known, free_to_dyn);
        }
        let inner = |one: &Type| self.resolve(one, free_to_dyn);
        match ty {
            Type::Param(_) if free_to_dyn => Type::Dyn,
            Type::List(of) => Type::list(inner(of)),
            Type::Map(of) => Type::map(inner(&of.0), inner(&of.1)),
            Type::Opaque(name, of) => Type::Opaque(name, of.iter().map(inner).collect()),
            Type::Kind(Some(of)) => Type::Kind(Some(Arc::new(inner(of)))),
            other => other.clone(),
        }
    }
}

/// `mostGeneral` of two types that fit.
pub(crate) fn most_general(one: &Type, other: &Type) -> Type {
    if less_specific(one, other) { one.clone() } else { other.clone() }
}

/// `isEqualOrLessSpecific`.
fn less_specific(one: &Type, other: &Type) -> bool {
    if matches!(one, Type::Dyn | Type::Param(_)) {
        return true;
    }
    if matches!(other, Type::Dyn | Type::Param(_)) {
        return false;
    }
    let inner = || {
        let (ones, others) = (one.parameters(), other.parameters());
        ones.len() == others.len() && ones.iter().zip(&others).all(|(a, b)| less_specific(a, b))
    };
    match (one, other) {
        (Type::Opaque(a, _), Type::Opaque(b, _)) => a == b && inner(),
        (Type::List(_), Type::List(_)) | (Type::Map(_), Type::Map(_)) => inner(),
        (Type::Kind(_), Type::Kind(_)) => true,
        _ => one == other,
    }
}
