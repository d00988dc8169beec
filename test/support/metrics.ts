type Labels = Readonly<Record<string, string | number>>

interface Sample {
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
}

/** A page of Prometheus text, as far as our own metrics go. */
export class MetricsPage {
  readonly samples: readonly Sample[]

  constructor(text: string) {
    this.samples = text.split('\n').flatMap((line) => {
      const match = /^(?<name>[a-z_]+)(?:\{(?<labels>.*)\})? (?<value>\S+)$/i.exec(line)
      if (match?.groups === undefined) return []
      const { name = '', labels = '', value } = match.groups
      const pairs = [...labels.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)]
      return [
        { name, labels: Object.fromEntries(pairs.map(([, key, one]) => [key, one])), value: Number(value) },
      ]
    })
  }

  /** The sum of all series of this name whose labels include these. */
  sum(name: string, labels: Labels = {}): number {
    const wanted = Object.entries(labels)
    return this.samples
      .filter((one) => one.name === name && wanted.every(([key, value]) => one.labels[key] === String(value)))
      .reduce((total, { value }) => total + value, 0)
  }
}
