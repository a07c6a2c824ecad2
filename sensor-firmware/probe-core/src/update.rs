//! An update: a manifest, its signature, blocks, the end. Nothing is erased before the signature is right, only the
//! slot that does not run is written, and what was written is read back and compared with the signed hash.

use ed25519_compact::{PublicKey, Signature};
use embedded_storage::nor_flash::NorFlash;
use sha2::{Digest, Sha256};
use trivet_wire::update::BLOCK;
use trivet_wire::{Manifest, Phase, Rejected, Slot};

use crate::slots::{self, PAGE, Start};

pub struct Updater<F> {
    flash: F,
    key: Option<[u8; 32]>,
    hardware: Option<[u8; 12]>,
    running: Slot,
    trial: bool,
    /// The flash still says that the last trial was not passed.
    rolled_back: bool,
    state: State,
    /// Blocks that wait until a whole page can be written.
    page: [u8; PAGE],
}

enum State {
    At(Phase),
    Begun(Manifest),
    Receiving { manifest: Manifest, next: u32 },
}

impl<F: NorFlash> Updater<F> {
    /// Without a key, or on a flash of another kind, each update is refused.
    pub fn new(flash: F, key: Option<[u8; 32]>, hardware: &str, start: Start) -> Updater<F> {
        let phase = match start {
            Start { trial: true, .. } => Phase::Trial,
            Start { rolled_back: true, .. } => Phase::RolledBack,
            _ => Phase::Idle,
        };
        Updater {
            flash,
            key,
            hardware: Manifest::hardware_of(hardware),
            running: start.running,
            trial: start.trial,
            rolled_back: start.rolled_back,
            state: State::At(phase),
            page: [0xff; PAGE],
        }
    }

    pub fn phase(&self) -> Phase {
        match self.state {
            State::At(phase) => phase,
            State::Begun(_) => Phase::Begun,
            State::Receiving { .. } => Phase::Receiving,
        }
    }

    /// The block that is awaited.
    pub fn next_block(&self) -> u32 {
        match self.state {
            State::Receiving { next, .. } => next,
            _ => 0,
        }
    }

    pub fn running(&self) -> Slot {
        self.running
    }

    pub fn is_trial(&self) -> bool {
        self.trial
    }

    pub fn begin(&mut self, manifest: &[u8]) {
        self.state = match self.accept(manifest) {
            Ok(manifest) => State::Begun(manifest),
            Err(rejected) => State::At(Phase::Refused(rejected)),
        };
    }

    fn accept(&self, manifest: &[u8]) -> Result<Manifest, Rejected> {
        let idle = self.running.other();
        let (_, room) = slots::extent(&self.flash, idle);
        let fits = PAGE.is_multiple_of(F::WRITE_SIZE) && F::ERASE_SIZE.is_multiple_of(PAGE);
        if self.key.is_none() || room == 0 || !fits {
            return Err(Rejected::NoSlots);
        }
        if self.trial {
            return Err(Rejected::OnTrial);
        }
        let manifest = Manifest::read(manifest).ok_or(Rejected::Manifest)?;
        match () {
            () if Some(manifest.hardware) != self.hardware => Err(Rejected::Hardware),
            () if manifest.slot != idle => Err(Rejected::WrongSlot),
            () if manifest.length > room => Err(Rejected::TooLong),
            () => Ok(manifest),
        }
    }

    pub fn sign(&mut self, signature: &[u8]) {
        let manifest = match self.state {
            State::Begun(manifest) => manifest,
            // It came again, because our answer was lost.
            State::Receiving { .. } => return,
            State::At(_) => return self.out_of_order(),
        };
        let right = || {
            let signature = Signature::from_slice(signature).ok()?;
            PublicKey::new(self.key?).verify(manifest.to_bytes(), &signature).ok()
        };
        self.state = match right() {
            Some(()) => State::Receiving { manifest, next: 0 },
            None => State::At(Phase::Refused(Rejected::Signature)),
        };
    }

    /// One that came already, or before its turn, changes nothing: the answer names the one that is awaited.
    pub fn block(&mut self, n: u32, bytes: &[u8]) {
        let State::Receiving { manifest, next } = self.state else { return self.out_of_order() };
        if n != next || n >= manifest.blocks() {
            return;
        }
        let last = n + 1 == manifest.blocks();
        let length = if last { manifest.length as usize - n as usize * BLOCK } else { BLOCK };
        if bytes.len() != length {
            return self.out_of_order();
        }
        match self.store(manifest.slot, n, bytes, last) {
            Ok(()) => self.state = State::Receiving { manifest, next: n + 1 },
            Err(_) => self.state = State::At(Phase::Refused(Rejected::Flash)),
        }
    }

    fn store(&mut self, slot: Slot, n: u32, bytes: &[u8], last: bool) -> Result<(), F::Error> {
        let offset = n * BLOCK as u32;
        let in_page = offset as usize % PAGE;
        if in_page == 0 {
            self.page = [0xff; PAGE];
        }
        for (to, from) in self.page.iter_mut().skip(in_page).zip(bytes) {
            *to = *from;
        }
        if !last && in_page + BLOCK < PAGE {
            return Ok(());
        }
        let at = slots::extent(&self.flash, slot).0 + (offset - in_page as u32);
        let erase = F::ERASE_SIZE as u32;
        if at.is_multiple_of(erase) {
            self.flash.erase(at, at + erase)?;
        }
        self.flash.write(at, &self.page)
    }

    pub fn commit(&mut self) {
        let State::Receiving { manifest, next } = self.state else { return self.out_of_order() };
        if next != manifest.blocks() {
            return;
        }
        let whole = self.hash(&manifest).map(|hash| hash == manifest.sha256);
        let phase = match whole.map(|whole| whole.then(|| slots::try_out(&mut self.flash, manifest.slot))) {
            Ok(Some(Ok(()))) => Phase::Committed,
            Ok(None) => Phase::Refused(Rejected::Hash),
            Ok(Some(Err(_))) | Err(_) => Phase::Refused(Rejected::Flash),
        };
        self.state = State::At(phase);
    }

    pub fn abort(&mut self) {
        if self.phase() != Phase::Committed {
            self.state = State::At(if self.trial { Phase::Trial } else { Phase::Idle });
        }
    }

    /// The running image has proved itself.
    pub fn confirm(&mut self) {
        if self.trial && slots::confirm(&mut self.flash).is_ok() {
            self.trial = false;
            self.state = State::At(Phase::Confirmed);
        }
    }

    /// The box was told the phase: of a trial that was not passed, the next start says nothing more. It is tried once,
    /// so that a flash that does not take it is not worn out.
    pub fn told(&mut self) {
        if self.phase() == Phase::RolledBack && core::mem::take(&mut self.rolled_back) {
            let _ = slots::told(&mut self.flash);
        }
    }

    fn out_of_order(&mut self) {
        if self.phase() != Phase::Committed {
            self.state = State::At(Phase::Refused(Rejected::Order));
        }
    }

    fn hash(&mut self, manifest: &Manifest) -> Result<[u8; 32], F::Error> {
        let begin = slots::extent(&self.flash, manifest.slot).0;
        let mut hash = Sha256::new();
        let mut done = 0;
        while done < manifest.length {
            let mut page = [0; PAGE];
            self.flash.read(begin + done, &mut page)?;
            let part = (manifest.length - done).min(PAGE as u32);
            hash.update(page.get(..part as usize).unwrap_or_default());
            done += part;
        }
        Ok(hash.finalize().into())
    }
}
