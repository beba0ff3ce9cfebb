export { freePort } from '../setup/free-port.mjs'
