/** How the names of the folders of emulators begin, in the directory for temporary files. */
export const emulatorFolderPrefix = 'acrux-emulator-'

/** The file in the folder of an emulator that has the base URL of its control API, once the emulator is ready. */
export const controlUrlFile = 'control-url'

/** The path below this URL that reports, without a token, whether the emulator is ready. */
export const controlHealthPath = '/_acrux/health'
