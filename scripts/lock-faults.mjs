/**
 * @typedef {{ integrity?: string, resolved?: string, hasInstallScript?: boolean, license?: string, link?: boolean, dev?: boolean }} LockEntry
 *
 * @typedef {{ packages: Record<string, LockEntry> }} Lock
 */

/** The licences of packages that Acrux may be distributed with. */
const licences = new Set([
  '0BSD',
  'Apache-2.0',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'BlueOak-1.0.0',
  'ISC',
  'MIT',
  'Unlicense',
])

/** Further licences of packages that are used in development only and never distributed: dictionaries of the spell checker, parsers, and tools of the portal. */
const developmentLicences = new Set(['CC BY-SA 4.0', 'CC0-1.0', 'MPL-2.0', 'PSF-2.0', 'Python-2.0', 'WTFPL'])

/**
 * The faults of one entry of the lock file.
 *
 * @param {LockEntry} entry
 */
function faultsOf({ integrity, resolved, hasInstallScript, license = 'none', dev }) {
  /** @type {string[]} */
  const faults = []
  if (!/^sha512-[A-Za-z0-9+/]{86}==$/.test(integrity ?? '')) faults.push('has no SHA-512 integrity')
  if (resolved !== undefined) faults.push('names the host that it was downloaded from')
  if (hasInstallScript === true) faults.push('runs a script when it is installed')
  const isAllowed = licences.has(license) || (dev === true && developmentLicences.has(license))
  if (!isAllowed) faults.push(`has the licence ${license}, which is not on the list`)
  return faults
}

/**
 * The supply-chain faults of a `package-lock.json`: packages without an integrity hash, from a fixed host or a Git repository,
 * with an install script, or under a licence that is not on the list. Each fault is one line for a person.
 *
 * @param {Lock} lock
 */
export function lockFaults(lock) {
  return Object.entries(lock.packages)
    .filter(([path, { link }]) => path.includes('node_modules/') && link !== true)
    .flatMap(([path, entry]) => faultsOf(entry).map((fault) => `${path} ${fault}`))
}

/**
 * The report of `npm audit --json` as one line for a person, and whether it is a failure. A missing answer is no failure.
 *
 * @param {string} output
 * @returns {{ failed: boolean, text: string }}
 */
export function advisories(output) {
  let report
  try {
    report = JSON.parse(output)
  } catch {
    return { failed: false, text: 'advisories were not checked: npm audit printed no report' }
  }
  const total = report.metadata?.vulnerabilities?.total
  if (total === undefined) {
    const status = report.statusCode === undefined ? 'no status' : `status ${report.statusCode}`
    return { failed: false, text: `advisories were not checked: the audit endpoint answered with ${status}` }
  }
  if (total === 0) return { failed: false, text: 'no known vulnerabilities' }
  const names = Object.keys(report.vulnerabilities ?? {}).join(', ')
  return { failed: true, text: `${total} known vulnerabilities (${names}): run npm audit for details` }
}
