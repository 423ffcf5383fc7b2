// swift-tools-version: 6.2
import PackageDescription

// A package of its own, for everything in it is built with libFuzzer's flags: `make fuzz` (Scripts/fuzz) builds and runs
// it. The bodies are in Tests/FuzzBodies of the main package, which also runs them over the corpus in `make test`.
let package = Package(
  name: "Fuzzing",
  dependencies: [
    .package(name: "FlashGate", path: ".."),
    .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
  ],
  targets: [
    .executableTarget(
      name: "Fuzz",
      dependencies: [
        .product(name: "FuzzBodies", package: "FlashGate"), .product(name: "NIOCore", package: "swift-nio"),
      ],
      swiftSettings: [.swiftLanguageMode(.v6), .treatAllWarnings(as: .error)])
  ]
)
