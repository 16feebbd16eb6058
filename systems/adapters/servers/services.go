package servers

import (
	"context"
	"crypto/ed25519"
	"fmt"
	"io"
	"log/slog"
	"net/smtp"
	"os"

	gosmtp "github.com/emersion/go-smtp"
	"github.com/gliderlabs/ssh"
	"github.com/miekg/dns"
	mqtt "github.com/mochi-mqtt/server/v2"
	"github.com/mochi-mqtt/server/v2/hooks/auth"
	"github.com/mochi-mqtt/server/v2/listeners"
	gossh "golang.org/x/crypto/ssh"

	"github.com/capsize-go/capsize/cluster"
)

func bootMQTT(h *cluster.Host) error {
	return only(h, func() error {
		s := mqtt.New(&mqtt.Options{Logger: slog.New(slog.NewTextHandler(os.Stdout, nil))})
		if err := s.AddHook(new(auth.AllowHook), nil); err != nil {
			return err
		}
		if err := s.AddListener(listeners.NewTCP(listeners.Config{ID: "tcp", Address: ":1883"})); err != nil {
			return err
		}
		return s.Serve()
	})
}

// askMQTT connects by MQTT 3.1.1, and publishes with quality of service 1.
func askMQTT(ctx context.Context, i int) (string, error) {
	c, err := dial(ctx, "n1:1883")
	if err != nil {
		return "", err
	}
	defer c.Close()
	b := make([]byte, 4)
	for _, packet := range []string{
		"\x10\x0e\x00\x04MQTT\x04\x02\x00\x3c\x00\x02c0",     // CONNECT as c0, with a keep-alive of a minute
		"\x32\x06\x00\x01t\x00\x07" + string(rune('a'+i%26)), // PUBLISH to t, packet 7
	} {
		if _, err := io.WriteString(c, packet); err != nil {
			return "", err
		}
		if _, err := io.ReadFull(c, b); err != nil {
			return "", err
		}
	}
	return fmt.Sprintf("% x", b), nil
}

// A mailbox counts the mails, and keeps the last as a file.
type mailbox struct{ n int }

// NewSession returns a session of its own.
func (m *mailbox) NewSession(*gosmtp.Conn) (gosmtp.Session, error) { return &mailSession{m}, nil }

type mailSession struct{ *mailbox }

// Mail takes any sender.
func (*mailSession) Mail(string, *gosmtp.MailOptions) error { return nil }

// Rcpt takes any recipient.
func (*mailSession) Rcpt(string, *gosmtp.RcptOptions) error { return nil }

// Data keeps the mail.
func (s *mailSession) Data(r io.Reader) error {
	b, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	s.n++
	fmt.Printf("mail %d of %d bytes\n", s.n, len(b))
	return os.WriteFile("mail", b, 0o600)
}

// Reset does nothing.
func (*mailSession) Reset() {}

// Logout does nothing.
func (*mailSession) Logout() error { return nil }

func bootSMTP(h *cluster.Host) error {
	return only(h, func() error {
		s := gosmtp.NewServer(&mailbox{})
		s.Addr, s.Domain = ":25", h.Name()
		return s.ListenAndServe()
	})
}

// askSMTP sends a mail by the client of Go's library.
func askSMTP(ctx context.Context, i int) (string, error) {
	conn, err := dial(ctx, "n1:25")
	if err != nil {
		return "", err
	}
	defer conn.Close()
	c, err := smtp.NewClient(conn, "n1")
	if err != nil {
		return "", err
	}
	if err := c.Mail("c0@example.org"); err != nil {
		return "", err
	}
	if err := c.Rcpt("n1@example.org"); err != nil {
		return "", err
	}
	w, err := c.Data()
	if err != nil {
		return "", err
	}
	if _, err := fmt.Fprintf(w, "Subject: %d\r\n\r\nHello.\r\n", i); err != nil {
		return "", err
	}
	if err := w.Close(); err != nil {
		return "", err
	}
	return "sent", c.Quit()
}

func bootSSH(h *cluster.Host) error {
	return only(h, func() error {
		_, key, err := ed25519.GenerateKey(nil)
		if err != nil {
			return err
		}
		signer, err := gossh.NewSignerFromKey(key)
		if err != nil {
			return err
		}
		s := &ssh.Server{Addr: ":22", Handler: func(s ssh.Session) { fmt.Fprintf(s, "%s ran %s", s.User(), s.RawCommand()) }}
		s.AddHostKey(signer)
		return s.ListenAndServe()
	})
}

// askSSH runs a command.
func askSSH(ctx context.Context, i int) (string, error) {
	conn, err := dial(ctx, "n1:22")
	if err != nil {
		return "", err
	}
	defer conn.Close()
	c, channels, requests, err := gossh.NewClientConn(conn, "n1:22", &gossh.ClientConfig{User: "c0", HostKeyCallback: gossh.InsecureIgnoreHostKey()})
	if err != nil {
		return "", err
	}
	s, err := gossh.NewClient(c, channels, requests).NewSession()
	if err != nil {
		return "", err
	}
	b, err := s.Output(fmt.Sprintf("command %d", i))
	return string(b), err
}

func bootDNS(h *cluster.Host) error {
	return only(h, func() error {
		return dns.ListenAndServe(":53", "udp", dns.HandlerFunc(func(w dns.ResponseWriter, q *dns.Msg) {
			a := new(dns.Msg)
			a.SetReply(q)
			rr, err := dns.NewRR(q.Question[0].Name + " 60 IN TXT \"" + h.Name() + "\"")
			if err != nil {
				return
			}
			a.Answer = append(a.Answer, rr)
			_ = w.WriteMsg(a)
		}))
	})
}

func askDNS(ctx context.Context, i int) (string, error) {
	q := new(dns.Msg)
	q.SetQuestion(fmt.Sprintf("host%d.example.org.", i), dns.TypeTXT)
	a, _, err := new(dns.Client).ExchangeContext(ctx, q, "n1:53")
	if err != nil {
		return "", err
	}
	return fmt.Sprint(a.Answer), nil
}
