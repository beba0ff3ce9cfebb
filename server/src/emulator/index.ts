export { type AuthorityOptions, type EmulatorAuthority, openAuthority } from './authority/authority.ts'
export { type AfterClockMove, type ClockControl, createClockControl } from './clock/clock-control.ts'
export { ClockInputError, requireTime } from './clock/clock-input.ts'
export { type ClockDocument, type SavedClock, SteeredClock } from './clock/steered-clock.ts'
