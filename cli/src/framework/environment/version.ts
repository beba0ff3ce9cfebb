import description from '../../../package.json' with { type: 'json' }

/** The version of this acrux. */
export const version = description.version
