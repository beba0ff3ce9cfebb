import { fileURLToPath } from 'node:url'

/** The main file in the sources of this tree. */
export const sourceFile = fileURLToPath(new URL('../../cli/src/main.ts', import.meta.url))

/**
 * The main file of the program under test, which Node runs: that of this tree, or another build of it that `ACRUX_TEST_MAIN`
 * names. `npm test` names a bundle of this tree, which starts in less processor time.
 */
export const mainFile = process.env['ACRUX_TEST_MAIN'] ?? sourceFile
