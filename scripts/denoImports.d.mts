export declare const denoImports: (root: string) => string
