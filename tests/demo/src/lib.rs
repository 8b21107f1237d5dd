//! The main job, shown against the emulators on loopback
