import { helmBinaries, isFetched } from '../../scripts/helm/binaries.ts'

/** Why tests that need Helm are skipped; false: they are not. */
export const helmProblem: string | false = helmBinaries.every(isFetched)
  ? false
  : 'Helm is not in the cache; npm run helm:fetch gets it, npm run test:helm does both'

export const majors = helmBinaries.map(({ major }) => major)
