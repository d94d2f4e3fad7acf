//! Tests of the simulator, and by it: it is repeatable, it catches every planted bug, and what it found stays found.

mod desktop;
mod planted;
mod regressions;
mod repeatable;
mod seeds;
