import { installLocked } from './locked-packages.mjs'

/**
 * Installs Azurite: with 240 MB, it is too large to be a dependency of everyone who works on the code.
 *
 * @param {string} root
 * @param {(line: string) => void} say
 */
export async function installAzurite(root, say) {
  await installLocked('azurite', 'Azurite', { root, say })
}
