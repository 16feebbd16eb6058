package grpcbalance

import (
	"fmt"

	"google.golang.org/grpc/balancer"
	_ "google.golang.org/grpc/balancer/leastrequest" // registers least_request_experimental
)

// A Config is a service config of gRPC, in its JSON.
type Config string

// RoundRobin is the policy of that name.
const RoundRobin Config = `{"loadBalancingConfig":[{"round_robin":{}}]}`

// LeastRequest is the policy that draws so many backends, and takes the one of these with the fewest requests in flight. gRPC names it
// least_request_experimental.
func LeastRequest(choices int) Config {
	return Config(fmt.Sprintf(`{"loadBalancingConfig":[%s]}`, leastRequest(choices)))
}

func leastRequest(choices int) string {
	return fmt.Sprintf(`{"least_request_experimental":{"choiceCount":%d}}`, choices)
}

// outlierDetection is what gRPC registers the policy by.
const outlierDetection = "outlier_detection_experimental"

// RoundRobinEjecting is round robin under outlier detection: each second a backend of whose requests half failed, if they were ten at least, is
// ejected for 30 s.
func RoundRobinEjecting() Config { return ejecting(`{"round_robin":{}}`) }

// LeastRequestEjecting is [LeastRequest] under the same.
func LeastRequestEjecting(choices int) Config { return ejecting(leastRequest(choices)) }

func ejecting(child string) Config {
	return Config(fmt.Sprintf(`{"loadBalancingConfig":[{%q:{"interval":"1s","baseEjectionTime":"30s","maxEjectionPercent":50,"failurePercentageEjection":`+
		`{"threshold":50,"enforcementPercentage":100,"minimumHosts":3,"requestVolume":10},"childPolicy":[%s]}}]}`, outlierDetection, child))
}

// HasOutlierDetection reports whether the program was built with outlier detection.
func HasOutlierDetection() bool { return balancer.Get(outlierDetection) != nil }

// Retrying is round robin with three attempts for each call that a backend answers with UNAVAILABLE, and a budget of tokens if there is one:
// gRPC's retry throttling. Each failed attempt takes a token and each success adds ratio; there are no retries while no more
// than half of the tokens are left.
func Retrying(tokens int, ratio float64) Config {
	throttling := ""
	if tokens > 0 {
		throttling = fmt.Sprintf(`,"retryThrottling":{"maxTokens":%d,"tokenRatio":%g}`, tokens, ratio)
	}
	return Config(fmt.Sprintf(`{"loadBalancingConfig":[{"round_robin":{}}],"methodConfig":[{"name":[{}],"retryPolicy":{"maxAttempts":3,`+
		`"initialBackoff":"0.001s","maxBackoff":"0.01s","backoffMultiplier":2,"retryableStatusCodes":["UNAVAILABLE"]}}]%s}`, throttling))
}
