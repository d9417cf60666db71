//! One value that somebody waits for.

use std::cell::RefCell;
use std::pin::Pin;
use std::rc::{Rc, Weak};
use std::task::{Context, Poll, Waker};

#[derive(Debug)]
struct Slot<T> {
    value: Option<T>,
    waker: Option<Waker>,
    gone: bool,
}

/// Gives the value.
#[derive(Debug)]
pub(super) struct Giver<T>(Weak<RefCell<Slot<T>>>);

/// Waits for the value; `None` when it will never come.
#[derive(Debug)]
pub(super) struct Reply<T>(Rc<RefCell<Slot<T>>>);

/// Both ends.
pub(super) fn reply<T>() -> (Giver<T>, Reply<T>) {
    let slot = Rc::new(RefCell::new(Slot { value: None, waker: None, gone: false }));
    (Giver(Rc::downgrade(&slot)), Reply(slot))
}

impl<T> Giver<T> {
    /// Gives it; lost when nobody waits any more.
    pub(super) fn give(self, value: T) {
        if let Some(slot) = self.0.upgrade() {
            slot.borrow_mut().value = Some(value);
        }
    }
}

impl<T> Drop for Giver<T> {
    fn drop(&mut self) {
        if let Some(slot) = self.0.upgrade() {
            slot.borrow_mut().gone = true;
            let waker = slot.borrow_mut().waker.take();
            if let Some(waker) = waker {
                waker.wake();
            }
        }
    }
}

impl<T> Future for Reply<T> {
    type Output = Option<T>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<T>> {
        let mut slot = self.0.borrow_mut();
        if slot.value.is_some() || slot.gone {
            return Poll::Ready(slot.value.take());
        }
        slot.waker = Some(context.waker().clone());
        Poll::Pending
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;

    use super::reply;

    #[test]
    fn a_reply_comes_once_or_never() {
        let (giver, mut waiting) = reply();
        assert_eq!((&mut waiting).now_or_never(), None);
        giver.give(1);
        assert_eq!(waiting.now_or_never(), Some(Some(1)));
        let (giver, waiting) = reply::<u8>();
        drop(giver);
        assert_eq!(waiting.now_or_never(), Some(None));
    }
}
