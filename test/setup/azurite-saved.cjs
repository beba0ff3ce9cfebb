/**
 * Loaded before Azurite, which keeps its metadata in memory and saves it every five seconds: makes it save before each response
 * to a change, so that what it acknowledged survives SIGKILL, as in a real object store.
 */
const { ServerResponse } = require('node:http')
const { createRequire } = require('node:module')

const Loki = createRequire(process.argv[1] ?? '')('lokijs')

/** @type {Set<{ saveDatabase: (done: () => void) => void }>} */
const databases = new Set()
const enable = Loki.prototype.autosaveEnable
Loki.prototype.autosaveEnable = function (/** @type {unknown[]} */ ...args) {
  databases.add(this)
  return enable.apply(this, args)
}

// oxlint-disable-next-line typescript/unbound-method -- it is called with its response below
const end = ServerResponse.prototype.end
/** @type {(this: ServerResponse, ...args: unknown[]) => ServerResponse} */
const endSaved = function (...args) {
  const answer = () => Reflect.apply(end, this, args)
  if (this.req.method === 'GET' || this.req.method === 'HEAD') return answer()
  const saved = [...databases].map((database) => new Promise((done) => database.saveDatabase(() => done(undefined))))
  void Promise.all(saved).then(answer)
  return this
}
Object.assign(ServerResponse.prototype, { end: endSaved })
