import { registerHooks } from 'node:module'

/**
 * Loaded before a proxy (`--import`) that is to be a replica of another version: what it says to others is
 * sealed for another wire, as it is when a version changes what messages mean.
 */
const wireName = "const wireName = 'replicas'"

registerHooks({
  load(url, context, nextLoad) {
    const loaded = nextLoad(url, context)
    if (!url.endsWith('/src/app/replicas/wire-message.ts')) return loaded
    const text = String(loaded.source)
    if (!text.includes(wireName)) throw new Error(`there is no ${wireName} in ${url}`)
    return { ...loaded, source: text.replace(wireName, `${wireName}.concat(' of the next version')`) }
  },
})
