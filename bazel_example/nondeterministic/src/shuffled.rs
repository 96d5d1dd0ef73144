//! Constants in an order that differs from run to run, so the metadata of two rustc runs differ.

shuffle::constants!(ALPHA BETA GAMMA DELTA EPSILON ZETA ETA THETA IOTA KAPPA LAMBDA MU NU XI PI);
