//! Whole runs of the real component against the emulators
