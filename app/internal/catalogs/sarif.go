package catalogs

import (
	"net/url"
	"path/filepath"
	"strings"

	"github.com/openbroker/openbroker/app/internal/output"
	"github.com/openbroker/openbroker/app/internal/remote"
	"github.com/openbroker/openbroker/catalog"
	"github.com/openbroker/openbroker/catalog/lint"
)

// The part of SARIF 2.1.0 (Static Analysis Results Interchange Format, OASIS) that code
// scanning reads. A library for all of SARIF would be larger than these structs.
type (
	sarifLog struct {
		Schema  string     `json:"$schema"`
		Version string     `json:"version"`
		Runs    []sarifRun `json:"runs"`
	}
	sarifRun struct {
		Tool        sarifTool         `json:"tool"`
		Invocations []sarifInvocation `json:"invocations"`
		ColumnKind  string            `json:"columnKind"`
		Results     []sarifResult     `json:"results"`
	}
	sarifInvocation struct {
		ExecutionSuccessful        bool                `json:"executionSuccessful"`
		ToolExecutionNotifications []sarifNotification `json:"toolExecutionNotifications,omitempty"`
	}
	sarifNotification struct {
		Level   string    `json:"level"`
		Message sarifText `json:"message"`
	}
	sarifTool struct {
		Driver sarifDriver `json:"driver"`
	}
	sarifDriver struct {
		Name           string      `json:"name"`
		Version        string      `json:"version"`
		InformationURI string      `json:"informationUri"`
		Rules          []sarifRule `json:"rules"`
	}
	sarifRule struct {
		ID                   string             `json:"id"`
		ShortDescription     sarifText          `json:"shortDescription"`
		Help                 sarifText          `json:"help"`
		HelpURI              string             `json:"helpUri"`
		DefaultConfiguration sarifConfiguration `json:"defaultConfiguration"`
	}
	sarifConfiguration struct {
		Level string `json:"level"`
	}
	sarifText struct {
		Text string `json:"text"`
	}
	sarifResult struct {
		RuleID    string          `json:"ruleId"`
		RuleIndex int             `json:"ruleIndex"`
		Level     string          `json:"level"`
		Message   sarifText       `json:"message"`
		Locations []sarifLocation `json:"locations"`
	}
	sarifLocation struct {
		PhysicalLocation sarifPhysical  `json:"physicalLocation"`
		LogicalLocations []sarifLogical `json:"logicalLocations,omitempty"`
	}
	sarifPhysical struct {
		ArtifactLocation sarifArtifact `json:"artifactLocation"`
		Region           sarifRegion   `json:"region"`
	}
	sarifArtifact struct {
		URI string `json:"uri"`
	}
	sarifRegion struct {
		StartLine   int `json:"startLine"`
		StartColumn int `json:"startColumn,omitempty"`
	}
	sarifLogical struct {
		// FullyQualifiedName is a JSON pointer.
		FullyQualifiedName string `json:"fullyQualifiedName"`
	}
)

const sarifSchema = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"

// sarifOf returns the findings as a SARIF log, with all rules. Its levels are the
// severities error and warning. An invocation reports a catalog that could not be read:
// otherwise an empty log would look like a clean catalog.
func sarifOf(found *lintReport) sarifLog {
	rules, findings := lint.Rules(), found.Findings
	invocation := sarifInvocation{ExecutionSuccessful: len(found.Unread) == 0}
	for _, reason := range found.Unread {
		invocation.ToolExecutionNotifications = append(invocation.ToolExecutionNotifications, sarifNotification{"error", sarifText{reason}})
	}
	run := sarifRun{
		Tool: sarifTool{sarifDriver{
			Name: found.tool.Name + " lint", Version: found.tool.Version,
			InformationURI: "https://github.com/openbroker/openbroker",
			Rules:          make([]sarifRule, len(rules)),
		}},
		Invocations: []sarifInvocation{invocation},
		ColumnKind:  "unicodeCodePoints",
		Results:     make([]sarifResult, len(findings)),
	}
	index := map[string]int{}
	for i := range rules {
		rule := &rules[i]
		index[rule.ID] = i
		severity, _ := rule.On(lint.Platforms()...)
		run.Tool.Driver.Rules[i] = sarifRule{
			ID: rule.ID, ShortDescription: sarifText{output.Named(found.tool.Name, rule.Summary)}, Help: sarifText{output.Named(found.tool.Name, rule.Fix) + " (" + rule.Clause + ")"}, HelpURI: rule.Link,
			DefaultConfiguration: sarifConfiguration{string(severity)},
		}
	}
	for i := range findings {
		run.Results[i] = sarifResultOf(&findings[i], index[findings[i].Rule])
	}
	return sarifLog{Schema: sarifSchema, Version: "2.1.0", Runs: []sarifRun{run}}
}

func sarifResultOf(f *catalog.Finding, rule int) sarifResult {
	location := sarifLocation{PhysicalLocation: sarifPhysical{
		ArtifactLocation: sarifArtifact{sarifURI(f.Position.File)},
		Region:           sarifRegion{max(f.Position.Line, 1), f.Position.Column}, // Code scanning needs a line.
	}}
	if f.Pointer != "" {
		location.LogicalLocations = []sarifLogical{{f.Pointer}}
	}
	message := f.Message
	if f.Fix != "" {
		message += ". " + f.Fix
	}
	return sarifResult{
		RuleID: f.Rule, RuleIndex: rule, Level: string(f.Severity), Message: sarifText{message},
		Locations: []sarifLocation{location},
	}
}

// sarifURI returns the name of a file as a URI, relative if the name is.
func sarifURI(name string) string {
	if remote.IsURL(name) {
		return name
	}
	path := filepath.ToSlash(name)
	if filepath.IsAbs(name) {
		return (&url.URL{Scheme: "file", Path: "/" + strings.TrimPrefix(path, "/")}).String()
	}
	return (&url.URL{Path: path}).String()
}
